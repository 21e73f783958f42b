"""What a run costs: how many rows are looked at at a time, and how long the model will take for all that is asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import pandas as pd

from mlops_lab.evaluation.check import Procedure
from mlops_lab.evaluation.data import Batch, FrameSource, Source
from mlops_lab.evaluation.model import Predictor
from mlops_lab.evaluation.observation import Observer, Seen
from mlops_lab.evaluation.plan import Plan
from mlops_lab.evaluation.probe import PROBE_ROWS, Probe
from mlops_lab.evaluation.runner import LocalRunner, Runner

__all__ = [
    "Estimate",
    "estimate_cost",
    "is_one_batch",
    "rows_of_batch",
    "rows_of_call",
    "time_of_row",
    "versions_of_row",
]

ESTIMATE_ROWS = (2000, 20_000)  # the second number where a model answers for the first at once
ESTIMATE_SECONDS = 0.1  # below this, chance and a call's own cost hide what a row costs
TRIED_AGAIN = 8  # times as many rows in a second trial
BATCH_BYTES = 256 * 2**20  # of one batch with all its changed rows
STEP_SECONDS = 10.0  # of one batch, roughly: what Ctrl-C loses, and what lies between two checkpoints
CALL_SECONDS = 1.0  # of one call, roughly: as often the bar moves
QUICK_ROWS = 1_000_000  # that are asked for in one go of a model that has not been tried


@dataclass(frozen=True)
class Estimate:
    """What a run will cost, measured on the first rows.

    Parameters
    ----------
    rows_to_predict : int
        Rows that the model will be asked for.
    seconds : float
        That the predictions will take.
    """

    rows_to_predict: int
    seconds: float


def estimate_cost(procedures: Sequence[Procedure], probe: Probe, source: Source) -> Estimate:
    """Time the model on the first rows, with all their changes.

    Parameters
    ----------
    procedures : sequence of Procedure
        The checks, made ready.
    probe : Probe
        The model.
    source : Source
        The data.

    Returns
    -------
    Estimate
        Rows to predict, counted for a frame and extrapolated for files, and seconds.
    """
    few, more = ESTIMATE_ROWS
    plan, head = Plan(probe.predictor), FrameSource(*source.head(few))
    observer = Observer(tuple(procedures), plan, probe)
    long_call = quickest(observer, head)
    if long_call.predict_seconds < ESTIMATE_SECONDS and source.rows > head.rows:
        head = FrameSource(*source.head(more))
        long_call = quickest(observer, head)
    short_call = quickest(observer, FrameSource(*source.head(PROBE_ROWS)))
    rows = math.ceil(long_call.rows_predicted * source.rows / head.rows)
    if isinstance(source, FrameSource) and source.rows > head.rows:
        rows = count_rows(plan.without_model(), procedures, source)
    calls = math.ceil(source.rows / rows_of_batch(source, len(procedures)))
    return Estimate(rows, seconds_for(rows, calls, short_call, long_call))


def count_rows(plan: Plan, procedures: Sequence[Procedure], source: Source) -> int:
    """Count the rows that the checks need predicted; a check whose requests fail asks for none."""
    for frame, raw, start in source.batches(rows_of_batch(source, len(procedures))):
        batch, requests = Batch(frame, raw, start), []
        for procedure in procedures:
            with suppress(Exception):  # the run will say what is wrong
                requests += list(procedure.requests(batch))
        plan.ask(batch, requests)
    return plan.rows_predicted


def quickest(observer: Observer, source: FrameSource) -> Seen:
    """Look at a few rows up to five times, as long as that takes no second; return the time that chance added least to.

    The first time is left out where there is another: it warms up.
    """
    tries: list[Seen] = []
    began = perf_counter()
    while len(tries) < 2 or (len(tries) < 6 and perf_counter() - began < 1):
        tries.append(LocalRunner(source).reduce(observer, source.rows))
    return min(tries[1:], key=lambda seen: seen.predict_seconds)


def seconds_for(rows: int, calls: int, short_call: Seen, long_call: Seen) -> float:
    """Draw a line through two timed calls, few rows and many: what a call costs by itself, and what a row costs.

    Parameters
    ----------
    rows, calls : int
        To be predicted, and in how many calls.
    short_call, long_call : Seen
        Rows and seconds of one call with few rows and one with many.

    Returns
    -------
    float
        Seconds.

    Examples
    --------
    >>> short_call = Seen((), rows_predicted=100, predict_seconds=0.011)  # 0.01 s a call and 0.01 s a thousand rows
    >>> long_call = Seen((), rows_predicted=1_000, predict_seconds=0.020)
    >>> round(seconds_for(10_000, 2, short_call, long_call), 3)
    0.12
    """
    (few, short), (many, long) = ((one.rows_predicted, one.predict_seconds) for one in (short_call, long_call))
    each = seconds_each(few, short, many, long)
    return calls * max(0.0, long - each * many) + each * rows


def seconds_each(few: int, short: float, many: int, long: float) -> float:
    """Return what a row costs beyond what the call costs by itself, or with it where chance hides it."""
    return (long - short) / (many - few) if many > few and long > short else long / max(1, many)


def time_of_row(predictor: Predictor, head: pd.DataFrame, seconds: float, rows: int) -> float:
    """Tell how long the model takes for a row; asks it again only where that would tell a long run from a short one.

    Parameters
    ----------
    predictor : Predictor
        The model, which has been tried.
    head : DataFrame
        The rows on which it was tried.
    seconds : float
        That this took.
    rows : int
        That will be asked for, roughly.

    Returns
    -------
    float
        Seconds a row; too many rather than too few.
    """
    each = seconds / len(head)  # with a share of what the call costs by itself, which may be nearly all of it
    if each * rows <= STEP_SECONDS or seconds > CALL_SECONDS:
        return each
    longer = head.take(np.arange(TRIED_AGAIN * len(head)) % len(head))
    short, long = (timed(predictor, given) for given in (head.copy(), longer))
    return seconds_each(len(head), short, len(longer), long)


def timed(predictor: Predictor, frame: pd.DataFrame) -> float:
    """Return how many seconds the model takes."""
    began = perf_counter()
    predictor(frame)
    return perf_counter() - began


def rows_of_call(row_seconds: float, rows: int) -> int | None:
    """Choose how many rows a slow model is asked for at a time, so that one sees how far a long run is.

    Parameters
    ----------
    row_seconds : float
        That the model takes for one row.
    rows : int
        That will be asked for, roughly.

    Returns
    -------
    int or None
        Rows of a call; None for as many as fit.
    """
    return max(PROBE_ROWS, int(CALL_SECONDS / row_seconds)) if row_seconds * rows > STEP_SECONDS else None


def is_one_batch(runner: Runner, checks: int) -> bool:
    """Whether all rows are in memory here, and few enough to be asked for in one go of a model that is quick.

    Parameters
    ----------
    runner : Runner
        Goes through the data.
    checks : int
        Number of checks.

    Returns
    -------
    bool
        Whether there will be one batch.
    """
    source = runner.source
    here = isinstance(runner, LocalRunner) and isinstance(source, FrameSource)
    most = min(rows_of_batch(source, checks), QUICK_ROWS // versions_of_row(checks))
    return here and source.rows <= most


def versions_of_row(checks: int) -> int:
    """Return how often each row is asked for, roughly.

    Parameters
    ----------
    checks : int
        Number of checks.

    Returns
    -------
    int
        Itself, and two changes for each check.
    """
    return 1 + 2 * checks


def rows_of_batch(source: Source, checks: int, row_seconds: float = 0.0, max_seconds: float = math.inf) -> int:
    """Choose how many rows are looked at at a time: as fit into memory, or fewer of a slow model.

    Parameters
    ----------
    source : Source
        The data.
    checks : int
        Number of checks.
    row_seconds : float, default 0
        That the model takes for one row.
    max_seconds : float, optional
        After which the run is to stop.

    Returns
    -------
    int
        Rows of a batch.
    """
    versions = versions_of_row(checks)
    rows = max(1000, int(BATCH_BYTES / source.row_bytes / versions))
    pace = min(STEP_SECONDS, max_seconds / 20)
    if math.isinf(pace) or not row_seconds:
        return rows
    return min(rows, max(PROBE_ROWS, int(pace / row_seconds / versions)))
