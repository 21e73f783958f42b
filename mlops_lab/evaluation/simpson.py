"""Simpson's paradox: whether the order of two sides is that of their mixes, and turns within groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from tqdm.auto import tqdm

from mlops_lab.evaluation.data import Schema
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.grouping import Binning, bin_column, binning_needs
from mlops_lab.evaluation.memory import in_memory
from mlops_lab.evaluation.profile import profile_frame
from mlops_lab.evaluation.reversal import Simpson, Stratified, judge, verdict_order
from mlops_lab.evaluation.sides import Difference, Sides, level_sides, model_sides
from mlops_lab.evaluation.statistics.interval import Interval, check_alpha
from mlops_lab.evaluation.statistics.standardise import standardise
from mlops_lab.i18n import gettext as _

__all__ = ["simpson"]

MOST_LEVELS = 50  # a column with more is no grouping that could be read
SHOW_PROGRESS_AFTER = 1.0  # seconds
GROUPING = ("boolean", "category", "text", "integer", "real")

MIXES = ("common", "overlap", "equal")
Mix = Literal["common", "overlap", "equal"] | Mapping[Any, float]


def simpson(
    data: Any,
    y: Any = None,
    *,
    within: str | Sequence[str] | None = None,
    outcome: Any = None,
    compare: str | None = None,
    levels: Sequence[Any] | None = None,
    models: Mapping[str, Any] | None = None,
    metric: str | None = None,
    mix: Mix = "common",
    bins: int = 4,
    alpha: float = 0.05,
    progress: bool = True,
) -> Simpson:
    """Compare two sides over all rows, within groups, and at the same mix of groups, and say whether the order turns.

    The sides are either two levels of a column (two carriers, employers, periods), compared on the mean of an outcome,
    or two models, compared on a metric of the same rows. A difference is always the first minus the second.

    Parameters
    ----------
    data : DataFrame of shape (rows, columns)
        The rows.
    y : array-like of shape (rows,) or str, optional
        Labels or values, or the name of their column; for ``models=`` only.
    within : str or sequence of str, optional
        The column that makes the groups; numbers are cut at quantiles. Of several each is looked at, and the one that
        turns the order most clearly is shown; by default all columns with at most 50 levels.
    outcome : str or array-like of shape (rows,), optional
        What is compared between two levels: a column of numbers or of yes and no, or its values.
    compare : str, optional
        The column whose levels are compared.
    levels : sequence of two labels, optional
        Which two levels; not needed where there are no more.
    models : mapping of str to estimator or callable, optional
        Two models by name, instead of ``outcome`` and ``compare``.
    metric : {"accuracy", "log_loss", "brier_score", "mean_absolute_error"}, optional
        For models; by default accuracy, or mean absolute error for values.
    mix : "common", "overlap", "equal" or mapping, default "common"
        At which mix both are compared: that of the rows of both together; of the rows where both can be compared best
        (as Mantel and Haenszel 1959 weigh, the least uncertain); the same share for every group; or shares by level
        (for a single column ``within``), such as those of next year.
    bins : int, default 4
        Groups of a numeric column.
    alpha : float, default 0.05
        One minus the level of the intervals.
    progress : bool, default True
        Whether to show a bar where it lasts longer than a second.

    Returns
    -------
    Simpson
        Verdict, table, sentences and picture.

    Raises
    ------
    EvaluationError
        Where data, models or columns cannot be used.

    Notes
    -----
    The crude difference has its own interval: of two rates by the method of variance estimates recovery from Wilson's
    or Clopper and Pearson's (Newcombe 1998), of two means from Hall's (1992), of two models the paired one (Tango 1998
    for accuracy). That of the same mix is direct standardisation, see `mlops_lab.evaluation.statistics.standardise`.
    The intervals of the groups hold together, each at level 1 − alpha / groups (Bonferroni); where m columns were
    looked at, alpha is divided by m for groups and standardisation. A group turns where its whole interval lies on the
    other side of 0 than that of the crude difference. A verdict of reversal therefore needs the crude interval to
    exclude 0, and that of every group (or of the same mix) to exclude it on the other side.

    Two models on the same rows have one mix, so at the common mix nothing can change: give another with ``mix=``.
    Whether to look within a column is a question of causes, not of numbers: not within what the sides themselves bring
    about (Pearl 2014, "Understanding Simpson's paradox"). Simpson (1951); Bickel, Hammel and O'Connell (1975).

    Examples
    --------
    The two sides treat easy and hard cases in different mixes (Charig et al. 1986, kidney stones):

    >>> import pandas as pd
    >>> cells = [("open", "small", 81, 87), ("open", "large", 192, 263)]
    >>> cells += [("closed", "small", 234, 270), ("closed", "large", 55, 80)]
    >>> rows = [(who, size, place < cured) for who, size, cured, n in cells for place in range(n)]
    >>> frame = pd.DataFrame(rows, columns=["treatment", "stone", "cured"])
    >>> found = simpson(frame, outcome="cured", compare="treatment", levels=["open", "closed"], within="stone")
    >>> found.table[["group", "first", "second"]].round(2).values.tolist()
    [['all rows', 0.78, 0.83], ['stone = large', 0.73, 0.69], ['stone = small', 0.93, 0.87], ['same mix', 0.83, 0.78]]
    >>> found.verdict  # 350 operations a side are too few to be sure
    "can't tell"
    """
    check_alpha(alpha)
    if not isinstance(bins, int) or bins < 2:
        raise EvaluationError(f"bins is {bins!r}; give a whole number from 2 on.")
    sides = choose_sides(data, y, outcome, compare, levels, models, metric)
    names, left_out = choose_columns(sides, within, {compare, outcome if isinstance(outcome, str) else None})
    check_mix(mix, names, within)
    everything = np.ones(len(sides.frame), dtype=bool)
    crude = sides.compare(everything, alpha)
    if crude is None:
        raise EvaluationError("One of the two sides has too few rows to be compared; bring more.")
    bar = tqdm(names, unit="column", delay=SHOW_PROGRESS_AFTER, disable=not progress, leave=False)
    looked = [stratify(sides, column, crude, mix, bins, alpha, len(names)) for column in bar]
    looked.sort(key=verdict_order)
    return Simpson(looked[0], tuple(looked), crude, sides.names, sides.quantity, left_out, sides.paired, alpha)


def choose_sides(
    data: Any,
    y: Any,
    outcome: Any,
    compare: str | None,
    levels: Sequence[Any] | None,
    models: Mapping[str, Any] | None,
    metric: str | None,
) -> Sides:
    """Take levels or models as sides, or say what is missing."""
    if models is not None:
        if outcome is not None or compare is not None or levels is not None:
            raise EvaluationError("Models are compared on y; leave outcome=, compare= and levels= out.")
        return model_sides(in_memory(data, y), models, metric)
    if outcome is None or compare is None:
        raise EvaluationError("Say what is compared: outcome= and compare= for two levels, or models= for two models.")
    if metric is not None:
        raise EvaluationError("A metric is for models=; levels are compared on the mean of the outcome.")
    return level_sides(data, outcome, compare, levels)


def choose_columns(
    sides: Sides, within: str | Sequence[str] | None, taken: set[str | None]
) -> tuple[list[str], dict[str, str]]:
    """Choose the columns to look within, and say why others make no groups."""
    schema = Schema(sides.frame.iloc[:0])
    if within is not None:
        names = [within] if isinstance(within, str) else list(within)
        if not names:
            raise EvaluationError("within names no column; name one, or leave it out to look within all.")
        binning_needs(names, schema)
        for name in names:
            if name in taken:
                raise EvaluationError(f"Column {name!r} is what is compared; look within another.")
        return names, {}
    names, left_out = [], {}
    for name in schema.names:
        if name in taken:
            continue
        kind = schema.kind(name)
        if kind not in GROUPING:
            left_out[name] = _("{kind} values make no groups.").format(kind=kind)
            continue
        count = sides.frame[name].nunique()
        if count < 2 or (count > MOST_LEVELS and kind in ("category", "text")):
            left_out[name] = _("it has {count:,} levels.").format(count=count)
        else:
            names.append(name)
    if not names:
        raise EvaluationError("No column makes groups to look within; name one with within=.")
    return names, left_out


def check_mix(mix: Mix, names: Sequence[str], within: str | Sequence[str] | None) -> None:
    """Refuse a mix that cannot be used."""
    if isinstance(mix, Mapping):
        if len(names) != 1 or within is None:
            raise EvaluationError("A mix by level belongs to one column; name it with within=.")
        bad = [share for share in mix.values() if not np.isfinite(share) or share < 0]
        if bad or not sum(mix.values()) > 0:
            raise EvaluationError(f"mix is {dict(mix)!r}; give shares that are not negative, and not all 0.")
    elif mix not in MIXES:
        raise EvaluationError(f"mix is {mix!r}; choose one of {', '.join(MIXES)}, or give shares by level.")


def stratify(
    sides: Sides, column: str, crude: Difference, mix: Mix, bins: int, alpha: float, columns: int
) -> Stratified:
    """Compare both sides within the groups of one column."""
    profile = profile_frame(sides.frame, binning_needs([column], Schema(sides.frame.iloc[:0])))
    binning = bin_column(column, profile, bins)
    codes = binning.codes(sides.frame)
    counts = np.bincount(codes, minlength=len(binning.labels))
    each: dict[int, Difference] = {}
    for code in np.flatnonzero(counts).tolist():
        found = sides.compare(codes == code, alpha / columns)
        if found is not None:
            each[code] = found
    shares = mix_of(mix, binning, each)
    same_mix = at_mix(sides, each, shares, crude, mix, alpha / columns)
    family = {code: sides.compare(codes == code, alpha / columns / len(each)) for code in each}
    named = [(binning.labels[code], found) for code, found in family.items() if found is not None]
    compared = counts[list(each)].sum() / counts.sum()
    return judge(column, named, crude, same_mix, float(compared), values_at(each, shares))


def mix_of(mix: Mix, binning: Binning, each: Mapping[int, Difference]) -> np.ndarray:
    """Return the share of each group that can be compared."""
    if not each:
        return np.zeros(0)
    rows = np.array([found.rows for found in each.values()], dtype=float)
    if isinstance(mix, Mapping):
        shares = given_shares(mix, binning, list(each))
    else:
        weigh = {
            "common": rows.sum(axis=1),
            "overlap": rows.prod(axis=1) / rows.sum(axis=1),
            "equal": np.ones(len(rows)),
        }
        shares = weigh[mix]
    return shares / shares.sum()


def given_shares(mix: Mapping[Any, float], binning: Binning, codes: Sequence[int]) -> np.ndarray:
    """Return the share that the user gave each group, or say which level there is not."""
    given = {str(level): float(share) for level, share in mix.items()}
    names = [str(binning.levels[code]) if code < len(binning.levels) else binning.labels[code] for code in codes]
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise EvaluationError(
            f"The mix names {unknown[0]!r}, which is no group of {binning.column!r} that both sides have; "
            f"its groups are {', '.join(names)}."
        )
    return np.array([given.get(name, 0.0) for name in names])


def at_mix(
    sides: Sides, each: Mapping[int, Difference], shares: np.ndarray, crude: Difference, mix: Mix, alpha: float
) -> Interval | None:
    """Return the difference at one mix for both; None where no group has both."""
    if not each:
        return None
    if sides.paired and mix in ("common", "overlap"):  # both have this mix already
        return crude.interval
    rows = float(sum(sum(found.rows) for found in each.values())) if mix == "common" else np.inf
    return standardise([found.interval for found in each.values()], shares, rows=rows, tolerance=0.0, alpha=alpha)


def values_at(each: Mapping[int, Difference], shares: np.ndarray) -> tuple[float, float]:
    """Return what each side would be at the mix."""
    if not each:
        return (np.nan, np.nan)
    table = np.array([found.values for found in each.values()])
    first, second = shares @ table
    return float(first), float(second)
