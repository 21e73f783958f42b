"""A suite file carried out: its model and rows opened, its checks chosen, its report made.

The command line and the test plugin are thin shells around this.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlops_lab.errors import nearest, shorten
from mlops_lab.evaluation.addresses import load_model
from mlops_lab.evaluation.data_addresses import source_at
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.report import Report
from mlops_lab.evaluation.sample import sample
from mlops_lab.evaluation.specification import Specification
from mlops_lab.evaluation.suite import Suite
from mlops_lab.i18n import gettext as _

__all__ = ["Job", "chosen"]


@dataclass(frozen=True)
class Job:
    """What a suite file leaves open.

    Parameters
    ----------
    query : str, optional
        What to ask, where the data are a database.
    trust_pickle : bool, default False
        Whether a model may be a pickle, which runs the code of whoever wrote it.
    trusted : sequence of str
        Types that a skops file may build beyond those that skops trusts by itself.
    only, skip : sequence of str
        Names of the checks that are made, or left out; ``*`` stands for any letters.
    rows : int, optional
        Evaluate a random sample of so many rows.
    batch_rows, max_seconds, checkpoint
        As for `Suite.run`.
    """

    query: str | None = None
    trust_pickle: bool = False
    trusted: Sequence[str] = ()
    only: Sequence[str] = ()
    skip: Sequence[str] = ()
    rows: int | None = None
    batch_rows: int | None = None
    max_seconds: float | None = None
    checkpoint: Path | None = None

    def run(self, specification: Specification, *, progress: bool = False) -> Report:
        """Carry a suite file out.

        Parameters
        ----------
        specification : Specification
            What the file says; model, data and target must be known.
        progress : bool, default False
            Show a bar on the error stream.

        Returns
        -------
        Report
            With a note on what was left out.

        Raises
        ------
        EvaluationError
            Where something is missing or cannot be used.
        """
        model_address, data, target = (said(specification, name) for name in ("model", "data", "target"))
        suite = chosen(specification.suite, self.only, self.skip)
        notes = []
        if len(suite.checks) < len(specification.suite.checks):
            counts = {"made": len(suite.checks), "all": len(specification.suite.checks)}
            notes.append(_("{made} of the {all} checks of the suite were made.").format(**counts))
        source = source_at(data, target, self.query)
        if self.rows is not None and self.rows < source.rows:
            sampled = _("A random sample of {rows:,} of the {all:,} rows was evaluated, drawn with seed {seed}.")
            notes.append(sampled.format(rows=self.rows, all=source.rows, seed=suite.seed))
            source = sample(source, self.rows, suite.seed)
        model = load_model(model_address, trust_pickle=self.trust_pickle, trusted=self.trusted)
        report = suite.run(
            model,
            source,
            batch_rows=self.batch_rows,
            progress=progress,
            max_seconds=self.max_seconds,
            checkpoint=self.checkpoint,
        )
        return replace(report, notes=(*notes, *report.notes))


def said(specification: Specification, name: str) -> str:
    """Return what the file or the command line says, or refuse that neither does."""
    value = getattr(specification, name)
    if not value:
        raise EvaluationError(
            f"It is not said what the {name} is; pass --{name}, or write '{name}:' in the suite file."
        )
    return str(value)


def chosen(suite: Suite, only: Sequence[str] = (), skip: Sequence[str] = ()) -> Suite:
    """Take some checks out of a suite; the others keep their names, and so their random numbers.

    Parameters
    ----------
    suite : Suite
        All checks.
    only : sequence of str
        Names of those that stay; all by default.
    skip : sequence of str
        Names of those that go.

    Returns
    -------
    Suite
        The others.

    Raises
    ------
    EvaluationError
        Where no check has such a name, or none is left.

    Examples
    --------
    >>> from mlops_lab import evaluation as ev
    >>> chosen(ev.Suite([ev.Invariance("sex"), ev.Calibration(0.03)]), skip=["inv*"]).names
    ['calibration:positive']
    """
    if not only and not skip:
        return suite
    names = suite.names
    wanted = matching(only, names) if only else set(names)
    wanted -= matching(skip, names)
    checks = [replace(check, name=name) for check, name in zip(suite.checks, names, strict=True) if name in wanted]
    if not checks:
        raise EvaluationError(f"No check is left; the suite has {shorten(names)}.")
    return replace(suite, checks=checks)


def matching(patterns: Sequence[str], names: Sequence[str]) -> set[str]:
    """Return the names that are meant, and refuse a pattern that means none."""
    found: set[str] = set()
    for pattern in patterns:
        meant = {pattern} & set(names) or set(fnmatch.filter(names, pattern))
        if not meant:
            close = nearest(pattern, names, count=1)
            hint = f"the nearest is {close[0]!r}" if close else f"the checks are {shorten(names)}"
            raise EvaluationError(f"The suite has no check {pattern!r}; {hint}.")
        found |= meant
    return found
