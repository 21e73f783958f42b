"""Worlds whose truth is known by arithmetic, each with one check: what `trust.py` counts wrong verdicts on.

A truth that no formula gives is a mean over 200,000 rides with their exact probabilities; the samples are drawn from
these very rows, so it is exact all the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from scipy import special
from sklearn import metrics

from mlops_lab import evaluation as ev
from mlops_lab.datasets import broken, rides
from mlops_lab.datasets.broken import measures

Sample = tuple[Any, pd.DataFrame, np.ndarray]


@dataclass(frozen=True)
class Case:
    """A world, the check that looks at it, and the truth as an amount that must stay below a tolerance.

    `make` makes the check for a tolerance; for floors (accuracy, coverage) truth and tolerance are what is missing to
    one. `large`: so many events that the interval must not cover more than it says. `covered`: the result always shows
    the same part, so that its interval's coverage is a promise. `power`: rows_needed is tried on it.
    """

    topic: str
    name: str
    rows: int
    sample: Callable[[np.random.Generator, int], Sample]
    make: Callable[[float], Any]
    truth: float
    large: bool = False
    covered: bool = True
    power: bool = False
    spare: float = 0.0  # tolerance above the truth: then only failures are wrong


def yes(answer: np.ndarray) -> np.ndarray:
    """Turn decisions into probabilities."""
    return np.where(answer == 1, 0.9, 0.1)


# --- a signal that agrees with the target, and may go missing


def said(X: pd.DataFrame) -> np.ndarray:
    x = X["x"].to_numpy()
    return np.where(np.isnan(x), 0.4, np.where(x == 1, 0.8, 0.15))


def signals(prior: float, agree: float) -> Callable[[np.random.Generator, int], Sample]:
    def sample(rng: np.random.Generator, rows: int) -> Sample:
        y = rng.random(rows) < prior
        x = np.where(rng.random(rows) < agree, y, ~y).astype(float)
        return said, pd.DataFrame({"x": x}), y.astype(int)

    return sample


def share_right(truth: np.ndarray, answer: np.ndarray) -> float:
    return float(np.mean(truth == answer))


SCORED: dict[Any, tuple[Callable[..., float], int]] = {
    "log_loss": (metrics.log_loss, -1),
    "brier_score": (metrics.brier_score_loss, -1),
    "roc_auc": (metrics.roc_auc_score, 1),
}
DECIDED: dict[Any, Callable[..., float]] = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "f1": metrics.f1_score,
    share_right: metrics.accuracy_score,
}


def signal_drop(metric: Any, prior: float, agree: float, rate: float) -> float:
    """Compute the drop exactly: scikit-learn's metric of the eight possible rows, weighted by their chances."""
    y, x, gone = (cell.ravel() for cell in np.meshgrid([0, 1], [0.0, 1.0], [False, True], indexing="ij"))
    chance = np.where(y == 1, prior, 1 - prior) * np.where(x == y, agree, 1 - agree) * np.where(gone, rate, 1 - rate)
    scores = [said(pd.DataFrame({"x": x})), said(pd.DataFrame({"x": np.where(gone, np.nan, x)}))]
    if metric in SCORED:
        judge, sign = SCORED[metric]
        before, after = (judge(y, score, sample_weight=chance) for score in scores)
    else:
        sign, judge = 1, DECIDED[metric]
        before, after = (judge(y, score > 0.5, sample_weight=chance) for score in scores)
    return float(sign * (before - after))


def lines(rng: np.random.Generator, rows: int) -> Sample:
    x = rng.normal(size=rows)
    frame = pd.DataFrame({"x": x})
    return (lambda X: np.nan_to_num(X["x"].to_numpy())), frame, x + rng.normal(size=rows)


def perturbations() -> Iterator[Case]:
    for metric, rows, prior, agree, rate, large in (
        ("accuracy", 300, 0.5, 1.0, 0.01, False),
        ("accuracy", 2000, 0.5, 0.85, 0.1, True),
        ("balanced_accuracy", 5000, 0.02, 0.85, 0.2, False),
        ("f1", 3000, 0.1, 0.85, 0.1, False),
        ("log_loss", 1000, 0.3, 0.85, 0.1, False),
        ("brier_score", 2000, 0.3, 0.85, 0.2, True),
        ("roc_auc", 3000, 0.05, 0.85, 0.1, False),
        (share_right, 1000, 0.5, 0.85, 0.2, True),
    ):
        yield Case(
            "perturbation",
            f"{getattr(metric, '__name__', metric)}, {rate:g} of {rows:,} rows go missing, {prior:g} positive",
            rows,
            signals(prior, agree),
            lambda most, metric=metric, rate=rate: ev.Perturbation(ev.missing("x", rate), max_drop=most, metric=metric),
            signal_drop(metric, prior, agree, rate),
            large,
            power=(metric, large) in (("accuracy", True), ("brier_score", True)),
        )
    for metric, rate, truth in (
        ("mean_absolute_error", 0.1, 0.1 * (math.sqrt(2) - 1) * math.sqrt(2 / math.pi)),
        ("root_mean_squared_error", 0.2, math.sqrt(1.2) - 1),
        ("r2", 0.2, 0.1),
    ):
        yield Case(
            "perturbation",
            f"{metric}, {rate:g} of 1,000 rows go missing",
            1000,
            lines,
            lambda most, metric=metric, rate=rate: ev.Perturbation(ev.missing("x", rate), max_drop=most, metric=metric),
            truth,
        )


# --- rides with their exact probabilities


@lru_cache(maxsize=1)
def population() -> tuple[pd.DataFrame, np.ndarray]:
    frame = rides.trips(200_000, seed=0)[list(rides.FEATURES)]
    return frame, rides.probability(frame)


def of_rides(name: str) -> Callable[[np.random.Generator, int], Sample]:
    def sample(rng: np.random.Generator, rows: int) -> Sample:
        frame, chance = population()
        drawn = rng.integers(0, len(frame), rows)
        X = frame.iloc[drawn].reset_index(drop=True)
        return ride_model(name), X, (rng.random(rows) < chance[drawn]).astype(int)

    return sample


@lru_cache(maxsize=8)
def ride_model(name: str) -> Any:
    return broken.models("rides")[name]


@lru_cache(maxsize=8)
def on_rides(name: str, measure: str, *arguments: Any) -> float:
    """Measure the size of a fault on all rides."""
    frame, chance = population()
    given = () if measure in ("swap_share", "violation_share") else (chance,)
    return float(getattr(measures, measure)(ride_model(name), frame, *given, *arguments))


def marked(share: float) -> Callable[[np.random.Generator, int], Sample]:
    """Decide by sex, and fall with distance, in a share of the rows."""

    def sample(rng: np.random.Generator, rows: int) -> Sample:
        frame = pd.DataFrame(
            {
                "sex": rng.choice(["f", "m", "x"], rows, p=[0.5, 0.4, 0.1]),
                "km": rng.uniform(0, 10, rows),
                "wage": rng.gamma(2, 10, rows),
                "size": rng.choice(["s", "m", "l"], rows),
                "mark": rng.random(rows) < share,
            }
        )
        return answer, frame, rng.integers(0, 2, rows)

    def answer(X: pd.DataFrame) -> np.ndarray:
        mark = X["mark"].to_numpy()
        risk = np.where(mark & (X["sex"] == "f").to_numpy(), 0.6, 0.2)
        way = np.where(mark, -0.005, 0.005)
        place = X["size"].map({"s": 0, "m": 1, "l": 2}).to_numpy()
        return risk + way * X["km"].to_numpy() + way * place

    return sample


def invariances() -> Iterator[Case]:
    yield Case(
        "invariance", "3 of 300 decisions change", 300, marked(0.01), lambda most: ev.Invariance("sex", most), 0.01
    )
    yield Case(
        "invariance", "1 in 20, three levels", 1500, marked(0.05), lambda most: ev.Invariance("sex", most), 0.05, True,
        power=True,
    )  # fmt: skip
    yield Case(
        "invariance", "swap of two levels", 1500, marked(0.05),
        lambda most: ev.Invariance("sex", most, swap={"f": "m"}), 0.05, True,
    )  # fmt: skip
    yield Case(
        "invariance",
        "rides, a model that uses sex",
        1000,
        of_rides("uses_sex"),
        lambda most: ev.Invariance("rider_sex", most),
        on_rides("uses_sex", "swap_share", "rider_sex"),
        True,
    )


def directionals() -> Iterator[Case]:
    def by(most: float) -> Any:
        return ev.Directional("km", by=1.0, max_violation_rate=most)

    yield Case("directional", "3 of 300 rows fall", 330, marked(0.01), by, 0.01)
    yield Case("directional", "1 in 20 falls", 1500, marked(0.05), by, 0.05, True, power=True)
    yield Case(
        "directional", "1 in 10, ordered levels", 1500, marked(0.1),
        lambda most: ev.Directional("size", order=("s", "m", "l"), max_violation_rate=most), 0.1, True,
    )  # fmt: skip
    yield Case(
        "directional",
        "rides, a model that turns round",
        1000,
        of_rides("non_monotone"),
        lambda most: ev.Directional("distance_km", by=2.0, max_violation_rate=most),
        on_rides("non_monotone", "violation_share", "distance_km", 2.0),
        True,
    )


# --- probabilities


def scored(draw: Callable[..., np.ndarray], chance: Callable[..., np.ndarray]) -> Callable[..., Sample]:
    def sample(rng: np.random.Generator, rows: int) -> Sample:
        score = draw(rng, rows)
        return (lambda X: X["p"].to_numpy()), pd.DataFrame({"p": score}), (rng.random(rows) < chance(score)).astype(int)

    return sample


def of_three(off: tuple[float, float, float]) -> Callable[[np.random.Generator, int], Sample]:
    """Draw from three classes whose probabilities are wrong by known amounts."""

    def sample(rng: np.random.Generator, rows: int) -> Sample:
        said = 0.1 + 0.7 * rng.dirichlet([2, 2, 2], rows)
        came = np.cumsum(said + np.array(off), axis=1)
        target = (rng.random(rows)[:, None] > came[:, :2]).sum(axis=1)
        return (lambda X: X.to_numpy()), pd.DataFrame(said, columns=["a", "b", "c"]), target

    return sample


def top_of_three(rng: np.random.Generator, rows: int) -> Sample:
    """Be right four times in a hundred less often than is said."""
    sure, call = rng.uniform(0.45, 1.0, rows), rng.integers(0, 3, rows)
    said = np.repeat(((1 - sure) / 2)[:, None], 3, axis=1)
    said[np.arange(rows), call] = sure
    other = (call + rng.integers(1, 3, rows)) % 3
    target = np.where(rng.random(rows) < sure - 0.04, call, other)
    return (lambda X: X.to_numpy()), pd.DataFrame(said, columns=["a", "b", "c"]), target


def calibrations() -> Iterator[Case]:
    def positive(most: float) -> Any:
        return ev.Calibration(most)

    even = scored(lambda rng, rows: rng.uniform(0.05, 0.9, rows), lambda s: s + 0.03)
    tied = scored(lambda rng, rows: rng.choice([0.1, 0.3, 0.5, 0.7, 0.9], rows), lambda s: s - np.sign(s - 0.5) * 0.05)
    perfect = scored(lambda rng, rows: rng.random(rows), lambda s: s)
    yield Case("calibration", "shifted by 0.03, 1,000 rows", 1000, even, positive, 0.03)
    yield Case("calibration", "over-confident, five scores, 2,000 rows", 2000, tied, positive, 0.04, power=True)
    yield Case("calibration", "perfect, 200 rows", 200, perfect, positive, 0.0, spare=0.03)
    yield Case(
        "calibration",
        "rides, over-confident",
        2000,
        of_rides("overconfident"),
        positive,
        on_rides("overconfident", "calibration_error"),
    )
    yield Case(
        "calibration", "top label, 2,000 rows", 2000, top_of_three, lambda most: ev.Calibration(most, kind="top_label"),
        0.04,
    )  # fmt: skip
    for off, name in (((0.04, -0.02, -0.02), "one of three"), ((0.04, -0.04, 0.0), "two of three")):
        yield Case(
            "calibration",
            f"classwise, {name} at the tolerance",
            2000,
            of_three(off),
            lambda most: ev.Calibration(most, kind="classwise"),
            0.04,
            covered=False,
        )


def sure(shown: float, right: float) -> Callable[[np.random.Generator, int], Sample]:
    def sample(rng: np.random.Generator, rows: int) -> Sample:
        confidence = np.where(rng.random(rows) < shown, 0.9, 0.6)
        call = rng.integers(0, 2, rows)
        target = np.where(rng.random(rows) < np.where(confidence > 0.8, right, 0.6), call, 1 - call)
        return said, pd.DataFrame({"confidence": confidence, "call": call}), target

    def said(X: pd.DataFrame) -> np.ndarray:
        return np.where(X["call"] == 1, X["confidence"], 1 - X["confidence"])

    return sample


def confidences() -> Iterator[Case]:
    for rows in (100, 2000):
        yield Case(
            "confidence", f"accuracy at its floor, {rows:,} rows", rows, sure(0.6, 0.95),
            lambda most: ev.Confidence(0.8, 1 - most, 0.2), 0.05, power=rows == 2000,
        )  # fmt: skip
    yield Case(
        "confidence", "coverage at its floor, 1,000 rows", 1000, sure(0.6, 0.95),
        lambda most: ev.Confidence(0.8, 0.8, 1 - most), 0.4, True,
    )  # fmt: skip
    yield Case(
        "confidence", "both at their floors, 1,000 rows", 1000, sure(0.6, 0.95),
        lambda most: ev.Confidence(0.8, 0.95, 1 - most), 0.4, covered=False,
    )  # fmt: skip


# --- groups


def grouped(shares: tuple[float, ...], wrong: tuple[float, ...]) -> Callable[[np.random.Generator, int], Sample]:
    def sample(rng: np.random.Generator, rows: int) -> Sample:
        group = rng.choice(len(shares), rows, p=shares)
        call = rng.integers(0, 2, rows)
        target = np.where(rng.random(rows) < np.array(wrong)[group], 1 - call, call)
        frame = pd.DataFrame({"g": np.array(list("abcdefgh"))[group], "call": call})
        return (lambda X: yes(X["call"].to_numpy())), frame, target

    return sample


def waits(rng: np.random.Generator, rows: int) -> Sample:
    late = rng.random(rows) < 0.2
    frame = pd.DataFrame({"g": np.where(late, "late", "early"), "call": rng.normal(size=rows)})
    return (lambda X: X["call"].to_numpy()), frame, frame["call"] + rng.exponential(1 + late)


def ranked(shares: tuple[float, ...], areas: tuple[float, ...]) -> Callable[[np.random.Generator, int], Sample]:
    """Draw scores whose area under the curve is known in each group, three rows of ten being positive."""
    shift = np.sqrt(2) * special.ndtri(np.array(areas))

    def sample(rng: np.random.Generator, rows: int) -> Sample:
        group, target = rng.choice(len(shares), rows, p=shares), (rng.random(rows) < 0.3).astype(int)
        score = special.expit(rng.normal(size=rows) + shift[group] * target)
        frame = pd.DataFrame({"g": np.array(list("abcdefgh"))[group], "score": score})
        return (lambda X: X["score"].to_numpy()), frame, target

    return sample


def slices() -> Iterator[Case]:
    def against(whom: str, metric: str = "accuracy") -> Callable[[float], Any]:
        return lambda most: ev.Slices("g", most, metric=metric, against=whom)

    yield Case(
        "slices", "one of two groups", 2000, grouped((0.9, 0.1), (0.05, 0.15)), against("overall"), 0.09, True,
        power=True,
    )  # fmt: skip
    yield Case("slices", "a group of 30", 1000, grouped((0.97, 0.03), (0.05, 0.15)), against("overall"), 0.097)
    yield Case("slices", "absolute error, skewed", 1000, waits, against("overall", "mean_absolute_error"), 0.8)
    yield Case(
        "slices", "Brier score, against the rest", 2000, grouped((0.9, 0.1), (0.05, 0.15)),
        against("rest", "brier_score"), 0.08,
    )  # fmt: skip
    yield Case(
        "slices", "four of eight groups at the tolerance", 4000, grouped((0.125,) * 8, (0.05,) * 4 + (0.11,) * 4),
        against("overall"), 0.03, covered=False,
    )  # fmt: skip
    yield Case(
        "slices", "against the best, three of four at the tolerance", 2000,
        grouped((0.25,) * 4, (0.04, 0.1, 0.1, 0.1)), against("best"), 0.06, covered=False,
    )  # fmt: skip
    yield Case(
        "slices", "against the best, one of two", 2000, grouped((0.5, 0.5), (0.05, 0.11)), against("best"), 0.06,
    )  # fmt: skip
    yield Case(
        "slices", "against the best, eight alike", 4000, grouped((0.125,) * 8, (0.1,) * 8), against("best"), 0.0,
        covered=False, spare=0.02,
    )  # fmt: skip
    yield Case(
        "slices", "area under the curve, against the rest", 2000, ranked((0.8, 0.2), (0.85, 0.78)),
        against("rest", "roc_auc"), 0.07,
    )  # fmt: skip
    yield Case(
        "slices", "area under the curve, four of eight groups at the tolerance", 4000,
        ranked((0.125,) * 8, (0.86,) * 4 + (0.78,) * 4), against("best", "roc_auc"), 0.08, covered=False,
    )  # fmt: skip
    yield Case(
        "slices", "against the best, a tiny best group", 2000, grouped((0.49, 0.49, 0.02), (0.1, 0.16, 0.1)),
        against("best"), 0.06, covered=False,
    )  # fmt: skip


def people(extra: dict[tuple[str, str], float]) -> Callable[[np.random.Generator, int], Sample]:
    """Decide a tenth of the rows wrongly, and more in some slices of job and plan."""

    def sample(rng: np.random.Generator, rows: int) -> Sample:
        frame = pd.DataFrame(
            {
                "job": rng.choice(["cook", "driver", "nurse", "pilot"], rows),
                "plan": rng.choice(["basic", "full"], rows),
                "age": rng.uniform(18, 90, rows),
                "region": rng.choice(["n", "e", "s", "w", "c"], rows),
                "call": rng.integers(0, 2, rows),
            }
        )
        wrong = np.full(rows, 0.1)
        for (job, plan), more in extra.items():
            wrong += more * ((frame["job"] == job) & (frame["plan"] == plan)).to_numpy()
        target = np.where(rng.random(rows) < wrong, 1 - frame["call"], frame["call"])
        return (lambda X: yes(X["call"].to_numpy())), frame, target

    return sample


def weak_slices() -> Iterator[Case]:
    searched = ["job", "plan", "age", "region"]

    def most_gap(metric: str | None = None) -> Callable[[float], Any]:
        return lambda most: ev.WeakSlices(max_gap=most, metric=metric, columns=searched)

    one, two = {("cook", "basic"): 0.3}, {("cook", "basic"): 0.3, ("pilot", "full"): 0.3}
    yield Case(
        "weak_slices", "none, up to a tenth allowed", 4000, people({}), most_gap(), 0.0, covered=False, spare=0.1
    )
    yield Case("weak_slices", "one at the tolerance", 4000, people(one), most_gap(), 0.3 * 7 / 8, power=True)
    yield Case("weak_slices", "two at the tolerance", 4000, people(two), most_gap(), 0.3 * 6 / 8)
    yield Case("weak_slices", "one, Brier score", 4000, people(one), most_gap("brier_score"), 0.8 * 0.3 * 7 / 8)


TOPICS: dict[str, Callable[[], Iterator[Case]]] = {
    "perturbation": perturbations,
    "invariance": invariances,
    "directional": directionals,
    "calibration": calibrations,
    "confidence": confidences,
    "slices": slices,
    "weak_slices": weak_slices,
}
