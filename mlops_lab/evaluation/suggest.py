"""A first suite for data that nobody has described: one line a check, with the reason that the columns gave for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.errors import shorten
from mlops_lab.evaluation.changes import Missing, Noise
from mlops_lab.evaluation.check import Check
from mlops_lab.evaluation.checks.calibration import Calibration
from mlops_lab.evaluation.checks.confidence import Confidence
from mlops_lab.evaluation.checks.directional import Directional
from mlops_lab.evaluation.checks.invariance import Invariance
from mlops_lab.evaluation.checks.perturbation import Perturbation
from mlops_lab.evaluation.checks.slices import Slices
from mlops_lab.evaluation.checks.weak_slices import KINDS_SEARCHED, WeakSlices
from mlops_lab.evaluation.data import FrameSource, Source
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.numbers import exact, of_rows
from mlops_lab.evaluation.probe import probe_model
from mlops_lab.evaluation.profile import to_float
from mlops_lab.evaluation.sample import sample
from mlops_lab.evaluation.specification import one_to_dict
from mlops_lab.evaluation.suite import Suite
from mlops_lab.evaluation.yaml_nodes import dump_line

__all__ = ["suggest"]

SAMPLE_ROWS = 20_000
TRIED_ROWS = 1000
MOST_NOISES = 12  # more are not read by anybody
MOST_TRIED = 60  # columns, of which those are left out that the model does not read
MOST_SEARCHED = 20
MOST_LEVELS = 10  # of which each is a prediction of every row
TOLERANCES = ("expect", "max_drop", "max_change_rate", "max_violation_rate", "max_error", "max_gap")
SENSITIVE = re.compile(
    r"(?i)(^|[^a-z])(sex|gender|race|racial|ethnic\w*|religion|religious|nationality|native|citizen\w*|"
    r"marital|married|disab\w*|pregnan\w*|orientation|skin|colou?r|caste|age|birth\w*)([^a-z]|$)"
)
ORDERED = re.compile(
    r"(?i)(^|[^a-z])(income|salary|wage|revenue|education|score|rating|grade|experience|years?|amount|"
    r"balance|debt|loss|gain|price|distance|hours|num|level|count|visits|risk)([^a-z]|$)"
)


@dataclass(frozen=True)
class Line:
    """One check with its reason.

    Parameters
    ----------
    check : Check
        What is suggested.
    why : str
        What in the data speaks for it.
    sure : bool, default True
        False for a check that only somebody who knows the data can decide about; it is written as a comment.
    """

    check: Check
    why: str
    sure: bool = True


@dataclass(frozen=True)
class Column:
    """What a sample says of one column.

    Parameters
    ----------
    name : str
        Its name.
    kind : str
        See `mlops_lab.evaluation.data.ColumnKind`.
    values : Series
        The sample.
    """

    name: str
    kind: str
    values: pd.Series

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return self.kind in ("integer", "real")

    @property
    def gaps(self) -> float:
        """Share of the rows without a value."""
        return float(self.values.isna().mean())

    @property
    def levels(self) -> int:
        """Number of different values."""
        return int(self.values.nunique())

    @property
    def is_key(self) -> bool:
        """Whether it tells rows apart rather than describes them: whole numbers or texts that hardly repeat."""
        return self.kind in ("integer", "text", "category") and self.levels > 0.9 * len(self.values.dropna()) > 18

    @property
    def sensitive(self) -> bool:
        """Whether its name is that of something on which decisions must often not depend."""
        return bool(SENSITIVE.search(self.name))


def suggest(
    source: Source, model: Any = None, *, seed: int = 0, addresses: Mapping[str, str | None] | None = None
) -> str:
    """Write a first suite from the columns of some data.

    Scales, gaps and levels are measured on a sample of at most 20,000 rows. Each check is tried on a thousand of them;
    what cannot be made, and what only somebody who knows the data can decide, is written as a comment. Nothing is
    disturbed that the model does not read.

    Parameters
    ----------
    source : Source
        Rows and target.
    model : estimator or callable, optional
        Tells whether there are probabilities to check; without it, such checks are comments.
    seed : int, default 0
        Of the sample.
    addresses : mapping of str to str, optional
        What is to be written as ``model``, ``data`` and ``target``.

    Returns
    -------
    str
        YAML that `Suite.from_yaml` reads.

    Raises
    ------
    EvaluationError
        Where no check at all can be made on these rows.

    Examples
    --------
    >>> rows = pd.DataFrame({"age": np.arange(300) % 60, "sex": ["f", "m"] * 150})
    >>> print(suggest(FrameSource(rows, np.arange(300) // 7 % 2)))  # doctest: +ELLIPSIS
    # A first suite, ...
    """
    some = sample(source, SAMPLE_ROWS, seed)
    frame, target = some.head(some.rows)
    labels = source.labels if len(source.labels) <= 1000 else target
    standing_in = model is None
    tried = FrameSource(frame.head(TRIED_ROWS), target[:TRIED_ROWS])
    asked = stand_in(tried.target) if standing_in else model
    predictor = probe_model(asked, labels if not standing_in else tried.target, tried.frame.head(100)).predictor
    columns = [Column(str(name), some.schema.kind(name), frame[name]) for name in frame.columns]
    unit = 1.0 if predictor.task == "classification" else float(f"{np.std(target.astype(float)):.1g}")
    lines = [*for_inputs(columns, unit), *for_groups(columns, unit)]
    if predictor.task == "classification":
        binary = predictor.classes is not None and len(predictor.classes) == 2
        lines += for_probabilities(binary, predictor.has_probabilities and not standing_in)
    written, idle = try_out(lines, asked, tried, standing_in)
    if not any("\n- " in line for line in written):
        raise EvaluationError("None of the checks can be made on these rows; write a suite by hand.")
    head = [
        f"# A first suite, from {len(frame):,} of {source.rows:,} rows. Every tolerance is a guess: set it to what",
        "# would hurt you. Lines that begin with '# -' are for you to decide.",
    ]
    if idle:
        head.append(f"# No answer moved on {of_rows(tried.rows)}, and so nothing is disturbed, in: {shorten(idle)}.")
    said = [f"{name}: {dump_line(value)}" for name, value in (addresses or {}).items() if value is not None]
    return "\n".join([*head, f"alpha: 0.05\nseed: {seed}", *said, "checks:", *written]) + "\n"


def for_inputs(columns: list[Column], unit: float) -> Iterator[Line]:
    """Suggest noise at the scale of the column, gaps where there are some, and directions to be decided."""
    noisy = [one for one in columns if one.numeric and one.levels > 2 and not one.is_key]
    for column in noisy[:MOST_TRIED]:
        sd, why = measured_noise(column)
        yield Line(Perturbation(Noise(column.name, sd=sd), max_drop=0.02 * unit), why)
    for column in columns:
        if 0 < column.gaps < 1:
            rate = float(f"{min(0.5, max(0.02, 2 * column.gaps)):.1g}")
            why = f"{column.gaps:.1%} of the rows have no {column.name!r}; it could be twice as many."
            yield Line(Perturbation(Missing(column.name, rate=rate), max_drop=0.02 * unit), why)
    for column in noisy:
        if ORDERED.search(column.name):
            step = float(f"{spread(column.values):.1g}")
            by = int(max(1, step)) if column.kind == "integer" else step
            check = Directional(column.name, by=by, expect="not_decrease", max_violation_rate=0.01)
            why = f"{column.name!r} looks ordered; only you know which way it should move the answer."
            yield Line(check, why, sure=False)


def for_groups(columns: list[Column], unit: float) -> Iterator[Line]:
    """Suggest that decisions do not depend on what looks sensitive, and that no group is served worse."""
    sensitive = [one for one in columns if one.sensitive and not one.is_key and one.levels > 1]
    few = [one for one in sensitive if not one.numeric and one.levels <= MOST_LEVELS]
    for column in few:
        why = f"{column.name!r} looks sensitive and has {column.levels} levels; each is tried on every row."
        yield Line(Invariance(column.name, max_change_rate=0.01), why)
    for column in sensitive:
        if column not in few:
            why = f"{column.name!r} looks sensitive, with {column.levels} values; may the answer depend on it?"
            yield Line(Invariance(column.name, max_change_rate=0.01), why, sure=False)
    if few:
        names = [one.name for one in sorted(few, key=lambda one: one.levels)[:2]]
        yield Line(Slices(names, max_gap=0.05 * unit), "No group may be served much worse than all rows together.")
    fitting = [one for one in columns if one.kind in KINDS_SEARCHED]
    searched = [one.name for one in fitting if not one.is_key][:MOST_SEARCHED]
    if searched:
        why = "Searches pairs of conditions for rows where the model is much worse, and confirms them on other rows."
        yield Line(WeakSlices(columns=None if len(searched) == len(fitting) else searched, max_gap=0.1 * unit), why)


def for_probabilities(binary: bool, known: bool) -> Iterator[Line]:
    """Suggest to check probabilities, where the model is known to give them."""
    unknown = "" if known else " Needs a model with probabilities."
    kind = "positive" if binary else "top_label"
    yield Line(
        Calibration(max_error=0.03, kind=kind),  # type: ignore[arg-type]
        f"Of rows with a probability of 0.8, eight in ten should come true.{unknown}",
        sure=known,
    )
    yield Line(
        Confidence(threshold=0.8, min_accuracy=0.9, min_coverage=0.5),
        f"Answers that are shown because the model is sure should be right.{unknown}",
        sure=known,
    )


def measured_noise(column: Column) -> tuple[float, str]:
    """Choose noise of about one step of the column, between a twentieth and a fifth of its spread."""
    values = np.unique(to_float(column.values.dropna()))
    step, width = float(np.median(np.diff(values))), spread(column.values)
    sd = float(f"{min(0.2, max(0.05, step / width)):.1g}")
    return sd, f"The values of {column.name!r} spread by {few_digits(width, 3)}, in steps of {few_digits(step, 2)}."


def few_digits(value: float, digits: int) -> str:
    """Write a number in some digits, without an exponent where it can be read."""
    return exact(float(f"{value:.{digits}g}"))


def spread(values: pd.Series) -> float:
    """Return the inter-quartile range / 1.349; the standard deviation where half of the rows share a value."""
    known = to_float(values.dropna())
    low, high = np.quantile(known, [0.25, 0.75])
    return float((high - low) / 1.349) or float(known.std())


def stand_in(target: np.ndarray) -> Callable[[pd.DataFrame], np.ndarray]:
    """Make a model that says the same of every row, to try checks where there is no model yet."""
    labels, counts = np.unique(target, return_counts=True)
    if target.dtype.kind in "fiu" and len(labels) > 20:
        return lambda frame: np.full(len(frame), float(target.mean()))
    return lambda frame: np.tile(counts / counts.sum(), (len(frame), 1))


def try_out(lines: list[Line], model: Any, tried: FrameSource, standing_in: bool) -> tuple[list[str], list[str]]:
    """Write the lines, and return apart the columns whose disturbance moves no answer; a stand-in reads none."""
    written: list[str] = []
    idle: list[str] = []
    noises = 0
    for line in lines:
        noise = isinstance(line.check, Perturbation) and isinstance(line.check.change, Noise)
        if noise and noises == MOST_NOISES:
            continue
        refused, moved = trial(line.check, model, tried)
        if not standing_in and refused is None and not moved and moves_nothing(line.check, model, tried):
            idle.append(line.check.target)
            continue
        noises += noise
        written.append(write(line, refused))
    return written, list(dict.fromkeys(idle))


def trial(check: Check, model: Any, tried: FrameSource) -> tuple[str | None, bool]:
    """Try a check on some rows; return why it cannot be made, if so, and whether it moved any answer."""
    try:
        (result,) = Suite([check]).run(model, tried, progress=False)
    except EvaluationError as error:
        return str(error), False
    return (result.explain(), False) if result.verdict == "error" else (None, not result.examples.empty)


def moves_nothing(check: Check, model: Any, tried: FrameSource) -> bool:
    """Tell whether not even a strong disturbance moves an answer."""
    if not isinstance(check, Perturbation) or not isinstance(check.change, (Noise, Missing)):
        return False
    change = replace(check.change, sd=1.0) if isinstance(check.change, Noise) else replace(check.change, rate=0.5)
    refused, moved = trial(replace(check, change=change), model, tried)
    return refused is None and not moved


def write(line: Line, refused: str | None) -> str:
    """Write a check below its reason; as a comment where it is not sure or cannot be made."""
    why = line.why if refused is None else f"{line.why} It could not be made here: {refused}"
    ((kind, content),) = one_to_dict(line.check, line.check.default_name, strict=True).items()
    for name in TOLERANCES:  # also where they are the defaults: they are what is to be thought about
        if hasattr(line.check, name):
            content[name] = getattr(line.check, name)
    mark = "" if line.sure and refused is None else "# "
    return f"# {' '.join(why.split())}\n{mark}- {kind}: {dump_line(content)}"
