"""A suite: several checks, one plan of predictions, one report."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from tqdm.auto import tqdm

from mlops_lab.evaluation.check import Check, Procedure, Setting
from mlops_lab.evaluation.checkpoint import Checkpoint, identity
from mlops_lab.evaluation.data import Batch, FrameSource, Source, as_source
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.fingerprint import DataFingerprint, model_fingerprint
from mlops_lab.evaluation.model import Predictor, Task, encode_target
from mlops_lab.evaluation.parameters import check_amount
from mlops_lab.evaluation.plan import Answers, Plan, Request
from mlops_lab.evaluation.probe import Probe, probe_model
from mlops_lab.evaluation.profile import Needs, profile_source
from mlops_lab.evaluation.report import Report
from mlops_lab.evaluation.result import Result
from mlops_lab.evaluation.statistics.multiplicity import survives
from mlops_lab.i18n import gettext as _

__all__ = ["Estimate", "Suite"]

PROBE_ROWS = 256
ESTIMATE_ROWS = 2000
BATCH_BYTES = 256 * 2**20  # of one batch with all its changed rows
STEP_SECONDS = 20.0  # of one batch between two checkpoints, roughly
SHOW_PROGRESS_AFTER = 1.0  # seconds; a shorter run needs no bar


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


@dataclass
class Running:
    """One check while it runs: what it keeps, or why it cannot go on."""

    name: str
    check: Check
    procedure: Procedure | None = None
    state: Any = None
    error: Exception | None = None

    def fail(self, error: Exception) -> None:
        """Remember the error; the other checks go on."""
        self.error = error


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
        if not isinstance(self.seed, int) or self.seed < 0:
            raise EvaluationError(f"seed is {self.seed!r}; give a whole number from 0 on.")
        given = [check.name for check in self.checks if check.name is not None]
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
    ) -> Report:
        """Evaluate a model.

        Parameters
        ----------
        model : estimator, callable, MLflow model, or address
            Has ``predict_proba`` or ``predict``, or is a function from a frame to probabilities or values; or says
            where the model is kept, such as ``models:/income@champion``: see `load_model`.
        X : DataFrame of shape (rows, columns), or path
            Rows that the model has not been fitted on: a frame, or Parquet files as a path, a folder or a pattern,
            which are read in parts and may be larger than memory.
        y : array-like of shape (rows,) or str
            What should have been predicted, or the name of the column of ``X`` that holds it.
        task : {"classification", "regression"}, optional
            Needed only where it cannot be seen from the model.
        batch_rows : int, optional
            Rows of one call of the model; by default as many as fit into 64 MB.
        progress : bool, default True
            Show a bar when the run lasts longer than a second.
        max_seconds : float, optional
            Stop after the batch in which this time is over; the report is then partial.
        checkpoint : path, optional
            File that keeps the states of the checks. A run that was killed goes on where the file ends and gives the
            same report to the last bit; a finished run deletes it.
        checkpoint_batches : int, default 1
            Batches after which the file is written again.

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
        check_amount(checkpoint_batches, "checkpoint_batches", least=1)
        source = as_source(X, y)
        head, tried = source.head(PROBE_ROWS)[0], perf_counter()
        probe = probe_model(model, source.labels, head, task)
        row_seconds = (perf_counter() - tried) / len(head)
        encode_target(source.labels, probe.predictor)
        running, needs = self._needs(source)
        setting = self._setting(source, probe.predictor, needs)
        self._prepare(running, setting)
        plan = Plan(probe.predictor, batch_rows)
        rows = rows_of_batch(source, len(running), row_seconds, max_seconds, checkpoint is not None)
        keeper = None
        if checkpoint is not None:
            about = identity(self.to_dict(), source, probe)
            keeper = Checkpoint(Path(checkpoint).expanduser(), about, checkpoint_batches, rows)
            keeper.restore(running, plan)
        end = None if max_seconds is None else began + max_seconds
        with warnings.catch_warnings():
            warnings.simplefilter("once")
            seen, partial, fingerprint = self._observe(running, source, plan, probe, progress, rows, keeper, end)
        results = self._results(running, setting, seen)
        return Report(
            results=tuple(results),
            alpha=self.alpha,
            seed=self.seed,
            rows=seen,
            rows_predicted=plan.rows_predicted,
            seconds=perf_counter() - began,
            predict_seconds=plan.predict_seconds,
            partial=partial,
            notes=probe.notes,
            suite=self.to_dict(),
            data=fingerprint.to_dict(),
            model=model_fingerprint(probe.predictor, probe.outputs),
        )

    def estimate(self, model: Any, X: Any, y: Any = None, *, task: Task | None = None) -> Estimate:
        """Say what a run will cost, from the first rows.

        Parameters
        ----------
        model, X, y, task
            As for `run`.

        Returns
        -------
        Estimate
            Rows to predict, and seconds.
        """
        source = as_source(X, y)
        head = FrameSource(*source.head(ESTIMATE_ROWS))
        probe = probe_model(model, source.labels, head.frame.head(PROBE_ROWS), task)
        running, needs = self._needs(source)
        self._prepare(running, self._setting(source, probe.predictor, needs))
        plan = Plan(probe.predictor)
        self._observe(running, head, plan, probe, False, rows_of_batch(head, len(running)))
        scale = source.rows / head.rows
        return Estimate(math.ceil(plan.rows_predicted * scale), plan.predict_seconds * scale)

    def _needs(self, source: Source) -> tuple[list[Running], Needs]:
        running = [Running(name, check) for name, check in zip(self.names, self.checks, strict=True)]
        needs = Needs()
        for one in running:
            needs |= one.check.needs(source.schema)
        return running, needs

    def _setting(self, source: Source, predictor: Predictor, needs: Needs) -> Setting:
        profile = profile_source(source, needs)
        return Setting(
            source.schema,
            profile,
            predictor.task,
            predictor.classes,
            predictor.has_probabilities,
            self.alpha,
            self.seed,
            source.rows,
        )

    def _prepare(self, running: list[Running], setting: Setting) -> None:
        for one in running:
            one.procedure = one.check.prepare(setting, one.name)

    def _observe(
        self,
        running: list[Running],
        source: Source,
        plan: Plan,
        probe: Probe,
        progress: bool,
        rows: int,
        keeper: Checkpoint | None = None,
        end: float | None = None,
    ) -> tuple[int, bool, DataFingerprint]:
        """Go through the data once; on Ctrl-C, or when the time is over, keep what is there."""
        fingerprint, seen = DataFingerprint(), 0
        rows = rows if keeper is None else keeper.batch_rows
        bar = tqdm(
            total=source.rows, unit="row", unit_scale=True, delay=SHOW_PROGRESS_AFTER, disable=not progress, leave=False
        )
        try:
            with bar:
                for frame, raw, start in source.batches(rows):
                    after = fingerprint + DataFingerprint.of(frame, raw)
                    if keeper is None or not keeper.holds(after):
                        batch = Batch(frame, encode_target(raw, plan.predictor), start)
                        observe_batch(running, batch, plan, probe)
                        if keeper is not None:
                            keeper.keep(running, plan, after)
                        if end is not None and perf_counter() > end and after.rows < source.rows:
                            return after.rows, True, after
                    fingerprint, seen = after, after.rows
                    bar.update(len(frame))
        except KeyboardInterrupt:
            fingerprint = fingerprint if keeper is None else keeper.at_least(fingerprint)
            return fingerprint.rows, True, fingerprint
        if keeper is not None:
            keeper.finish()
        return seen, False, fingerprint

    def _results(self, running: list[Running], setting: Setting, seen: int) -> list[Result]:
        results = []
        for one in running:
            try:
                if one.error is not None:
                    raise one.error
                assert one.procedure is not None
                if one.state is None:
                    raise EvaluationError("No rows were seen before the run was stopped; run it again.")
                results.append(one.procedure.result(one.state))
            except Exception as error:  # a check that raises is an error, never a pass, and never stops the others
                results.append(error_result(one, error))
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


def rows_of_batch(
    source: Source, checks: int, row_seconds: float = 0.0, max_seconds: float | None = None, kept: bool = False
) -> int:
    """Choose how many rows are looked at at a time: as fit into memory, or fewer where a run may have to stop."""
    versions = 1 + 2 * checks  # of each row, roughly
    rows = max(1000, int(BATCH_BYTES / source.row_bytes / versions))
    pace = min(STEP_SECONDS if kept else math.inf, math.inf if max_seconds is None else max_seconds / 20)
    if math.isinf(pace) or not row_seconds:
        return rows
    return min(rows, max(PROBE_ROWS, int(pace / row_seconds / versions)))


def observe_batch(running: list[Running], batch: Batch, plan: Plan, probe: Probe) -> None:
    """Ask the model for one batch on behalf of all checks, and let each reduce it to its state."""
    asked: list[tuple[Running, Sequence[Request]]] = []
    for one in running:
        if one.error is None and one.procedure is not None:
            try:
                asked.append((one, list(one.procedure.requests(batch))))
            except Exception as error:  # of the check or of a user's own change
                one.fail(error)
    try:
        answers = plan.ask(batch, [request for _, requests in asked for request in requests])
        if batch.start == 0:
            probe.check_repeats(answers.unchanged)
    except Exception as error:  # the model cannot answer for the unchanged rows: no check can go on
        for one, _ in asked:
            one.fail(error)
        return
    offset = 0
    for one, requests in asked:
        mine = Answers(answers.unchanged, answers.changed[offset : offset + len(requests)])
        offset += len(requests)
        broken = next((answer for answer in mine.changed if isinstance(answer, Exception)), None)
        if broken is not None:
            one.fail(broken)
            continue
        try:
            assert one.procedure is not None
            state = one.procedure.observe(batch, requests, mine)
            one.state = state if one.state is None else one.state + state
        except Exception as error:  # shown as that check's verdict
            one.fail(error)


def error_result(one: Running, error: Exception) -> Result:
    """Make the result of a check that could not be made."""
    sentence = str(error) if isinstance(error, EvaluationError) else f"{type(error).__name__}: {error}"
    return Result(one.name, one.check.method, one.check.target, "", "error", notes=(sentence,), error=error)


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
            result = replace(result, verdict="inconclusive", notes=(*result.notes, note))
        held.append(result)
    return held
