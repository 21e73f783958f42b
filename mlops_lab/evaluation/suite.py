"""A suite: several checks, one plan of predictions, one report."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from tqdm.auto import tqdm

from mlops_lab.evaluation.check import Check, Procedure, Setting
from mlops_lab.evaluation.checkpoint import Checkpoint, CheckpointRunner, identity
from mlops_lab.evaluation.cost import (
    Estimate,
    estimate_cost,
    is_one_batch,
    rows_of_batch,
    rows_of_call,
    time_of_row,
    versions_of_row,
)
from mlops_lab.evaluation.data import FrameSource, Source, as_source
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.fingerprint import model_fingerprint
from mlops_lab.evaluation.model import Predictor, Task, encode_target
from mlops_lab.evaluation.observation import Failure, Observer, Seen
from mlops_lab.evaluation.parameters import check_amount, check_whole
from mlops_lab.evaluation.plan import Plan
from mlops_lab.evaluation.probe import PROBE_ROWS, fitting_model, probe_model
from mlops_lab.evaluation.profile import Needs, profile_source
from mlops_lab.evaluation.report import Report
from mlops_lab.evaluation.result import Result
from mlops_lab.evaluation.runner import LocalRunner, Runner
from mlops_lab.evaluation.statistics.multiplicity import survives
from mlops_lab.evaluation.statistics.power import looks_factor
from mlops_lab.i18n import gettext as _

__all__ = ["Suite"]

SHOW_PROGRESS_AFTER = 1.0  # seconds; a shorter run needs no bar


@dataclass(frozen=True)
class Suite:
    """Several checks that are made together, so that the model is asked once and the error rates hold for all of them.

    Parameters
    ----------
    checks : sequence of Check
        What to evaluate, in the order of the report.
    alpha : float, default 0.05
        With the truth at a tolerance, the suite says ``fail`` wrongly, and ``pass`` wrongly, in at most this share of
        runs. Intervals have level 1 − alpha.
    seed : int, default 0
        Of all random changes; the same seed gives the same numbers for any batch size.

    Raises
    ------
    EvaluationError
        Where there is no check, two have one name, or alpha is no level.

    Examples
    --------
    >>> from mlops_lab import evaluation as ev
    >>> ev.Suite([ev.Invariance("sex", max_change_rate=0.01)]).names
    ['invariance:sex']
    """

    checks: Sequence[Check]
    alpha: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.checks, Check):
            raise EvaluationError("The suite was given one check; pass a list of checks: ev.Suite([check]).")
        if isinstance(self.checks, (str, Mapping)) or not isinstance(self.checks, Iterable):
            raise EvaluationError(f"The suite was given {self.checks!r}; pass a list of checks: ev.Suite([check]).")
        object.__setattr__(self, "checks", tuple(self.checks))
        if not self.checks:
            raise EvaluationError("The suite has no checks; pass at least one.")
        for check in self.checks:
            if not isinstance(check, Check):
                raise EvaluationError(
                    f"The suite was given {check!r}, which is no check; pass checks such as ev.Invariance('sex')."
                )
        if not (isinstance(self.alpha, (int, float)) and 0 < self.alpha < 0.5):
            raise EvaluationError(f"alpha is {self.alpha!r}; give a number above 0 and below 0.5, usually 0.05.")
        check_whole(self.seed, "seed", least=0)
        object.__setattr__(self, "seed", int(self.seed))
        given = [check.name for check in self.checks if check.name is not None]
        for name in given:
            if not isinstance(name, str) or not name.strip():
                raise EvaluationError(f"A check has the name {name!r}; give it a text, or leave name= out.")
        doubled = {name for name in given if given.count(name) > 1}
        if doubled:
            raise EvaluationError(f"Two checks have the name {sorted(doubled)[0]!r}; give each a name of its own.")

    @property
    def names(self) -> list[str]:
        """Name of each check: the one that was given, or kind and target, numbered where it repeats."""
        taken = {check.name for check in self.checks if check.name is not None}
        names = []
        for check in self.checks:
            name, count = check.name, 1
            if name is None:
                name = check.default_name
                while name in taken:
                    count += 1
                    name = f"{check.default_name}#{count}"
                taken.add(name)
            names.append(name)
        return names

    def run(
        self,
        model: Any,
        X: Any,
        y: Any = None,
        *,
        task: Task | None = None,
        batch_rows: int | None = None,
        progress: bool = True,
        max_seconds: float | None = None,
        checkpoint: str | Path | None = None,
        checkpoint_batches: int = 1,
        client: Any = None,
    ) -> Report:
        """Evaluate a model.

        Parameters
        ----------
        model : estimator, callable, MLflow model, or address
            Has ``predict_proba`` or ``predict``, or is a function from a frame to probabilities or values; or says
            where the model is kept, such as ``models:/income@champion``: see `load_model`.
        X : DataFrame of shape (rows, columns), or path
            Rows that the model has not been fitted on: a frame; or Parquet files as a path, a folder or a pattern, or a
            Dask DataFrame, which are read in parts and may be larger than memory.
        y : array-like of shape (rows,) or str
            What should have been predicted, or the name of the column of ``X`` that holds it.
        task : {"classification", "regression"}, optional
            Needed only where it cannot be seen from the model.
        batch_rows : int, optional
            Rows of one call of the model; by default as many as fit into 16 MB, or fewer of a slow model.
        progress : bool, default True
            Show a bar when the run lasts longer than a second.
        max_seconds : float, optional
            Stop after the batch in which this time is over; the report is then partial.
        checkpoint : path, optional
            File that keeps the states of the checks. A run that was killed goes on where the file ends and gives the
            same report to the last bit; a finished run deletes it.
        checkpoint_batches : int, default 1
            Batches after which the file is written again.
        client : dask.distributed.Client, optional
            Leads to a cluster, whose workers then look at the data. Files must have the same path on all of them. A
            Dask DataFrame goes to the client that was made last.

        Returns
        -------
        Report
            A result for each check. After Ctrl-C it holds what the rows seen so far say, and is marked as partial.

        Raises
        ------
        EvaluationError
            Where model, data or checks cannot be used; nothing has been predicted beyond a few rows to try the model.
        """
        began = perf_counter()
        if max_seconds is not None:
            check_amount(max_seconds, "max_seconds", least=0)
        check_whole(checkpoint_batches, "checkpoint_batches", least=1)
        if batch_rows is not None:
            check_whole(batch_rows, "batch_rows", least=1)
        source = as_source(X, y, client)
        runner = runner_for(source, client)
        if checkpoint is not None and not isinstance(runner, LocalRunner):
            raise EvaluationError(
                "A checkpoint belongs to a run on one machine, and a cluster makes again by itself what it lost; "
                "leave checkpoint= out."
            )
        head = source.head(PROBE_ROWS)[0]
        model = fitting_model(model, head)
        needs = self._needs(source)  # before the model is asked, which would miss the same columns in its own words
        tried = perf_counter()
        free = all(one is None for one in (max_seconds, checkpoint, batch_rows))
        at_once = free and is_one_batch(runner, len(self.checks))
        probe = probe_model(model, source.labels, head, task, later=at_once)
        asked_for, row_seconds = source.rows * versions_of_row(len(self.checks)), 0.0
        if probe.is_tried and isinstance(runner, LocalRunner):
            row_seconds = time_of_row(probe.predictor, head, perf_counter() - tried, asked_for)
        if not at_once:  # then it is refused with the first batch, before the model is asked
            encode_target(source.labels, probe.predictor, 0 if isinstance(source, FrameSource) else None)
        procedures = self._prepare(runner, probe.predictor, needs)
        rows = rows_of_batch(source, len(procedures), row_seconds, math.inf if max_seconds is None else max_seconds)
        seen = Seen((None,) * len(procedures))
        if checkpoint is not None:
            about = identity(self.to_dict(), source, probe)
            kept = Checkpoint(Path(checkpoint).expanduser(), about, checkpoint_batches, rows)
            seen = kept.restore(self.checks) or seen
            runner = CheckpointRunner(source, kept)
        observer = Observer(procedures, Plan(probe.predictor, batch_rows, rows_of_call(row_seconds, asked_for)), probe)
        end = math.inf if max_seconds is None else began + max_seconds
        with warnings.catch_warnings():
            warnings.simplefilter("once")
            seen, partial = observe(runner, observer, rows, seen, progress, end)
        return Report(
            results=tuple(self._results(procedures, seen)),
            alpha=self.alpha,
            seed=self.seed,
            rows=seen.rows,
            rows_predicted=seen.rows_predicted,
            seconds=perf_counter() - began,
            predict_seconds=seen.predict_seconds,
            partial=partial,
            notes=observer.probe.notes,
            suite=self.to_dict(),
            data=seen.fingerprint.to_dict(),
            model=model_fingerprint(probe.predictor, observer.probe.outputs),
        )

    def estimate(self, model: Any, X: Any, y: Any = None, *, task: Task | None = None) -> Estimate:
        """Say what a run will cost: the changes are made, the model is asked for the first rows only.

        Parameters
        ----------
        model, X, y, task
            As for `run`.

        Returns
        -------
        Estimate
            Rows to predict, counted for a frame and extrapolated for files, and seconds.
        """
        source = as_source(X, y)
        head = source.head(PROBE_ROWS)[0]
        model = fitting_model(model, head)
        needs = self._needs(source)
        probe = probe_model(model, source.labels, head, task)
        return estimate_cost(self._prepare(runner_for(source, source.client), probe.predictor, needs), probe, source)

    def _needs(self, source: Source) -> Needs:
        """Return what the checks must know of the columns, or refuse columns that are not there."""
        needs = Needs()
        for check in self.checks:
            needs |= check.needs(source.schema)
        return needs

    def _prepare(self, runner: Runner, predictor: Predictor, needs: Needs) -> tuple[Procedure, ...]:
        """Learn of the columns what the checks need, and make each check ready."""
        source = runner.source
        profile = profile_source(runner, needs)
        setting = Setting(
            source.schema,
            profile,
            predictor.task,
            predictor.classes,
            predictor.has_probabilities,
            self.alpha,
            self.seed,
            source.rows,
        )
        named = zip(self.names, self.checks, strict=True)
        return tuple(check.prepare(replace(setting, check=name), name) for name, check in named)

    def _results(self, procedures: Sequence[Procedure], seen: Seen) -> list[Result]:
        results = []
        for name, check, procedure, state in zip(self.names, self.checks, procedures, seen.states, strict=True):
            try:
                if state is None:
                    raise EvaluationError("No rows were seen before the run was stopped; run it again.")
                results.append(
                    error_result(name, check, state) if isinstance(state, Failure) else procedure.result(state)
                )
            except Exception as error:  # a check that raises is an error, never a pass, and never stops the others
                results.append(error_result(name, check, Failure.of(error)))
        return hold_back(results, self.alpha)

    def to_dict(self) -> dict[str, Any]:
        """Return the suite as plain data, as in YAML."""
        from mlops_lab.evaluation.specification import suite_to_dict

        return suite_to_dict(self)

    def to_yaml(self, path: str | Path) -> Path:
        """Write the suite to a YAML file.

        Parameters
        ----------
        path : path
            Where to.

        Returns
        -------
        Path
            The file.
        """
        from mlops_lab.evaluation.specification import write_suite

        return write_suite(self, path)

    @classmethod
    def from_yaml(cls, path: str | Path) -> Suite:
        """Read a suite from a YAML file.

        Parameters
        ----------
        path : path
            The file.

        Returns
        -------
        Suite
            With the checks of the file.

        Raises
        ------
        EvaluationError
            Where the file cannot be read, or holds an unknown check or parameter; the sentence names the line.
        """
        from mlops_lab.evaluation.specification import read_suite

        return read_suite(path)


def runner_for(source: Source, client: Any) -> Runner:
    """Choose who goes through the data: the workers of a cluster, or this process."""
    client = client if client is not None else source.client
    if client is None:
        return LocalRunner(source)
    from mlops_lab.evaluation.cluster import ClusterRunner

    return ClusterRunner(source, client)


def observe(runner: Runner, observer: Observer, rows: int, seen: Seen, progress: bool, end: float) -> tuple[Seen, bool]:
    """Go through the data once; on Ctrl-C, or when the time is over, keep what is there."""
    total = runner.source.rows
    observer.leave_out(seen)
    bar = tqdm(total=total, unit="row", unit_scale=True, delay=SHOW_PROGRESS_AFTER, disable=not progress, leave=False)
    if isinstance(runner, LocalRunner):  # on a cluster, nobody looks over the workers' shoulders
        observer.plan.on_call = bar.update
    try:
        with bar:
            for seen in runner.totals(observer, rows):
                observer.leave_out(seen)
                bar.update(seen.rows - bar.n)
                if perf_counter() > end and seen.rows < total:
                    return seen, True
    except KeyboardInterrupt:
        return seen, True
    return seen, False


def error_result(name: str, check: Check, failure: Failure) -> Result:
    """Make the result of a check that could not be made."""
    return Result(name, check.method, check.target, "", "error", notes=(failure.sentence,), error=failure.error)


def hold_back(results: Sequence[Result], alpha: float) -> list[Result]:
    """Turn into ``inconclusive`` each ``fail`` that does not survive Holm's correction over the suite."""
    kept = survives([result.p_fail for result in results], alpha)
    held = []
    for result, survived in zip(results, kept, strict=True):
        if result.verdict == "fail" and not survived:
            note = _(
                "On its own this check would fail; with {count} checks on the same rows, chance alone makes one "
                "look as bad as this too often."
            ).format(count=len(results))
            needed = max(result.rows + 1.0, result.rows_needed * looks_factor(len(results), alpha))
            result = replace(result, verdict="inconclusive", notes=(*result.notes, note), rows_needed=needed)
        held.append(result)
    return held
