"""Count the wrong verdicts and the coverage of every statistic, with the truth exactly at the tolerance.

    python benchmarks/trust_statistics.py [--seeds 1000] [--only calibration]

Each row of the table is a case that breaks plausible code: rare flips, drops with nothing gained back, one row in a
thousand, ties, skewed losses, a group of 30 rows. "wrong pass" and "wrong fail" must stay at or below 5 %, coverage
at or above 93.5 %, both within the binomial error of that many seeds; a case that does not is marked and makes the
script exit with 1. Counts of events below about 100 cover more than 95 %, which is honest; "large" marks the cases
where coverage must not exceed 96.5 % either.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from mlops_lab.evaluation.statistics.area import Scores, auc_interval
from mlops_lab.evaluation.statistics.calibration_error import calibration_error
from mlops_lab.evaluation.statistics.class_metrics import metric_drop
from mlops_lab.evaluation.statistics.confusion import Confusion
from mlops_lab.evaluation.statistics.groups import gap
from mlops_lab.evaluation.statistics.interval import Interval
from mlops_lab.evaluation.statistics.losses import LossChanges, SquaredErrors, loss_drop, r2_drop, rmse_drop
from mlops_lab.evaluation.statistics.moments import Moments, mean_interval
from mlops_lab.evaluation.statistics.paired import PairedCounts, accuracy_drop
from mlops_lab.evaluation.statistics.ranking import PairedScores, auc, auc_drop
from mlops_lab.evaluation.statistics.rates import rate
from mlops_lab.evaluation.statistics.score_histogram import ScoreHistogram

Draw = Callable[[np.random.Generator], Interval]


@dataclass(frozen=True)
class Case:
    """One simulated truth; `draw` samples rows and judges them against it."""

    topic: str
    name: str
    draw: Draw
    large: bool = False


def rates() -> Iterator[Case]:
    for rows, truth in (
        (40, 0.001),
        (200, 0.001),
        (200, 0.015),
        (1000, 0.01),
        (1000, 0.99),
        (2000, 0.1),
        (20_000, 0.5),
    ):

        def draw(rng: np.random.Generator, rows: int = rows, truth: float = truth) -> Interval:
            return rate(int(rng.binomial(rows, truth)), rows, tolerance=truth)

        yield Case("rate", f"{truth:g} of {rows:,} rows", draw, large=min(truth, 1 - truth) * rows >= 50)


def drops() -> Iterator[Case]:
    chances = (
        (200, 0.02, 0.0),
        (300, 0.005, 0.0),
        (40, 0.02, 0.0),
        (200, 0.025, 0.005),
        (2000, 0.1, 0.08),
        (20_000, 0.02, 0.0),
    )
    for rows, lost, gained in chances:

        def draw(rng: np.random.Generator, rows: int = rows, lost: float = lost, gained: float = gained) -> Interval:
            became = rng.multinomial(rows, [lost, gained, 1 - lost - gained])
            return accuracy_drop(PairedCounts(int(became[0]), int(became[1]), rows), tolerance=lost - gained)

        yield Case("accuracy", f"{lost:g} lost, {gained:g} gained, {rows:,} rows", draw, large=lost * rows >= 50)


def losses() -> Iterator[Case]:
    sizes: dict[str, tuple[Callable[[np.random.Generator, int], np.ndarray], float]] = {
        "exponential": (lambda rng, rows: rng.exponential(size=rows), 1.0),
        "beta": (lambda rng, rows: rng.beta(0.5, 2, size=rows), 0.2),
        "constant": (lambda rng, rows: np.ones(rows), 1.0),
        "both signs": (lambda rng, rows: rng.normal(0.2, 1, size=rows), 0.2),
    }
    for rows, share in ((40, 0.02), (300, 0.1), (1000, 0.02), (3000, 0.1), (2000, 1.0)):
        for name, (size, mean) in sizes.items():
            if share == 1 and name == "constant":
                continue  # nothing varies: the interval is the truth

            def draw(
                rng: np.random.Generator,
                rows: int = rows,
                share: float = share,
                size: Callable[[np.random.Generator, int], np.ndarray] = size,
                mean: float = mean,
            ) -> Interval:
                change = np.where(rng.random(rows) < share, size(rng, rows), 0.0)
                state = LossChanges.of(np.zeros(rows), change)
                return loss_drop(state, tolerance=share * mean, bound=max(6.0, state.largest))

            yield Case("mean loss", f"{share:g} of {rows:,} rows change, {name}", draw, large=share * rows >= 200)


def errors() -> Iterator[Case]:
    for rows in (60, 500, 5000):
        for name, judge, truth in (("RMSE", rmse_drop, np.sqrt(1.25) - 1), ("R²", r2_drop, 0.25 / 4)):

            def draw(
                rng: np.random.Generator,
                rows: int = rows,
                judge: Callable[..., Interval] = judge,
                truth: float = float(truth),
            ) -> Interval:
                y, error = rng.normal(0, 2, size=rows), rng.normal(size=rows)
                state = SquaredErrors.of(y, y + error, y + error + rng.normal(0, 0.5, size=rows))
                return judge(state, tolerance=truth)

            yield Case(name, f"{rows:,} rows", draw, large=rows >= 500)


def joint(prior: list[float], error: list[float], lost: list[float], gained: list[float]) -> np.ndarray:
    """Chances of (truth, prediction, prediction after), wrong predictions spread evenly."""
    classes = len(prior)
    chances = np.zeros((classes,) * 3)
    for y in range(classes):
        for a in range(classes):
            after = np.full(classes, lost[y] / (classes - 1)) if a == y else np.zeros(classes)
            after[a] = 1 - (lost[y] if a == y else gained[y])
            after[y] += gained[y] if a != y else 0.0
            before = 1 - error[y] if a == y else error[y] / (classes - 1)
            chances[y, a] = prior[y] * before * after
    return chances


def level(metric: str, table: np.ndarray) -> float:
    """Compute a metric from chances of (truth, prediction)."""
    if metric == "balanced_accuracy":
        return float((np.diag(table) / table.sum(axis=1)).mean())
    f1 = 2 * np.diag(table) / (table.sum(axis=0) + table.sum(axis=1))
    return float(f1[1] if metric == "f1" else f1.mean())


def classes() -> Iterator[Case]:
    thousand = joint([0.999, 0.001], [0.01, 0.3], [0.005, 0.1], [0.2, 0.0])
    twenty = joint([0.95, 0.05], [0.05, 0.2], [0.02, 0.05], [0.1, 0.1])
    three = joint([0.6, 0.3, 0.1], [0.05, 0.2, 0.3], [0.05, 0.05, 0.05], [0.1, 0.1, 0.1])
    for metric, name, rows, chances, large in (
        ("balanced_accuracy", "1 : 1,000", 20_000, thousand, False),
        ("balanced_accuracy", "1 : 20", 1000, twenty, False),
        ("balanced_accuracy", "three classes", 20_000, three, True),
        ("f1", "1 : 1,000", 20_000, thousand, False),
        ("f1", "1 : 20", 20_000, twenty, True),
        ("f1_macro", "three classes", 2000, three, False),
        ("f1_macro", "three classes", 20_000, three, True),
    ):
        truth = level(metric, chances.sum(axis=2)) - level(metric, chances.sum(axis=1))

        def draw(
            rng: np.random.Generator,
            metric: str = metric,
            rows: int = rows,
            chances: np.ndarray = chances,
            truth: float = truth,
        ) -> Interval:
            drawn = rng.multinomial(rows, chances.ravel())
            cells = np.flatnonzero(drawn)
            return metric_drop(Confusion(len(chances), cells, drawn[cells]), metric, tolerance=truth)  # type: ignore[arg-type]

        yield Case(metric, f"{name}, {rows:,} rows", draw, large)


def ranked(
    rng: np.random.Generator, rows: int, prior: float, share: float, noise: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw scores that a share of the rows loses (no noise given), or that noise is added to."""
    positive = rng.random(rows) < prior
    score = rng.normal(size=rows) + 1.5 * positive
    other = score + noise * rng.normal(size=rows) if noise else rng.normal(size=rows)
    return positive, special.expit(score), special.expit(np.where(rng.random(rows) < share, other, score))


def rankings() -> Iterator[Case]:
    for rows, prior, share, noise in (
        (400, 0.3, 0.02, 0.0),
        (2000, 0.05, 0.05, 0.0),
        (20_000, 0.001, 1.0, 1.0),
        (2000, 0.05, 1.0, 1.0),
        (4000, 0.3, 1.0, 1.0),
    ):
        rng = np.random.default_rng(0)
        many = [PairedScores.of(*ranked(rng, 400_000, 0.3, share, noise)) for _ in range(8)]
        truth = float(np.mean([auc(one.before) - auc(one.after) for one in many]))

        def draw(
            rng: np.random.Generator,
            rows: int = rows,
            prior: float = prior,
            share: float = share,
            noise: float = noise,
            truth: float = truth,
        ) -> Interval:
            return auc_drop(PairedScores.of(*ranked(rng, rows, prior, share, noise)), tolerance=truth)

        yield Case("AUC", f"{prior:g} positive, {share:g} of {rows:,} change", draw, large=share * prior * rows > 500)


def scored(rng: np.random.Generator, positives: int, negatives: int, shift: float, spread: float, tied: bool) -> Scores:
    """Draw normal scores of both classes; tied ones have a handful of values."""
    score = np.r_[shift + spread * rng.normal(size=positives), rng.normal(size=negatives)]
    return Scores.of(np.arange(len(score)) < positives, special.expit(np.rint(score) if tied else score))


def area_of(shift: float, spread: float, tied: bool) -> float:
    """Compute the area under the curve of such scores."""
    if not tied:
        return float(stats.norm.cdf(shift / np.hypot(1, spread)))
    edges = np.arange(-20.5, 21.0)
    positive, negative = (np.diff(stats.norm.cdf(edges, *one)) for one in ((shift, spread), (0, 1)))
    return float(positive @ (np.cumsum(negative) - negative / 2))


def areas() -> Iterator[Case]:
    for name, group, rest, shifts, spread, tied in (
        ("10 + 90 rows, nearly perfect", (10, 90), (200, 1800), (2.9, 2.4), 1.0, False),
        ("10 + 1,000 rows, nearly perfect", (10, 1000), (200, 20_000), (4.6, 4.6), 2.0, False),
        ("50 + 50 rows", (50, 50), (500, 500), (0.8, 1.2), 1.0, False),
        ("200 + 200 rows, five scores", (200, 200), (1000, 1000), (1.0, 1.3), 1.0, True),
        ("1,000 + 4,000 rows", (1000, 4000), (4000, 16_000), (1.1, 1.4), 1.3, False),
    ):
        mine, others = (area_of(shift, spread, tied) for shift in shifts)

        def draw(
            rng: np.random.Generator,
            sizes: tuple[tuple[int, int], tuple[int, int]] = (group, rest),
            shifts: tuple[float, float] = shifts,
            spread: float = spread,
            tied: bool = tied,
            truth: float = others - mine,
        ) -> Interval:
            drawn = [scored(rng, *size, shift, spread, tied) for size, shift in zip(sizes, shifts, strict=True)]
            loss, rest = (auc_interval(one).rescaled(-1, shift=1) for one in drawn)
            return gap(loss, rest, 0.0, tolerance=truth)

        yield Case("gap of AUC", name, draw, large=min(group) >= 200)


SCORES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "even": lambda rng, rows: rng.random(rows),
    "sure": lambda rng, rows: rng.beta(0.5, 0.5, size=rows),
    "rare": lambda rng, rows: rng.beta(0.5, 9, size=rows),
    "tied": lambda rng, rows: rng.choice([0.1, 0.3, 0.5, 0.7, 0.9], size=rows),
}
GAPS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "shifted": np.ones_like,
    "over-confident": lambda s: (0.5 - s) * s * (1 - s),
    "local": lambda s: np.where(s > 0.8, -1.0, 0.0),
    "wavy": lambda s: np.sin(6 * np.pi * s),
}


def multiplier(scores: str, shape: str, error: float) -> float:
    """Find by how much the gaps must be multiplied so that the calibration error is as wanted."""
    score = SCORES[scores](np.random.default_rng(99), 400_000)
    low, high = 0.0, 20.0
    for _ in range(40):
        middle = (low + high) / 2
        truth = np.clip(score + middle * GAPS[shape](score), 0, 1)
        low, high = (middle, high) if np.abs(truth - score).mean() < error else (low, middle)
    return high


def calibrations() -> Iterator[Case]:
    for rows in (200, 1000, 5000, 20_000):
        for scores in SCORES:
            for shape in GAPS:
                if (scores == "rare" and shape in ("local", "wavy")) or (scores, shape) == ("tied", "wavy"):
                    continue  # these scores hold no such gaps
                size = multiplier(scores, shape, 0.03)

                def draw(
                    rng: np.random.Generator,
                    rows: int = rows,
                    scores: str = scores,
                    shape: str = shape,
                    size: float = size,
                ) -> Interval:
                    score = SCORES[scores](rng, rows)
                    outcome = rng.random(rows) < np.clip(score + size * GAPS[shape](score), 0, 1)
                    return calibration_error(ScoreHistogram.of(outcome, score), tolerance=0.03)

                yield Case("calibration", f"{scores} scores, {shape}, {rows:,} rows", draw)


def groups() -> Iterator[Case]:
    for size, rest, wrong, others in (
        (30, 970, 0.05, 0.03),
        (30, 970, 0.2, 0.1),
        (300, 9700, 0.1, 0.05),
        (3000, 7000, 0.1, 0.08),
    ):

        def draw(
            rng: np.random.Generator, size: int = size, rest: int = rest, wrong: float = wrong, others: float = others
        ) -> Interval:
            total = size + rest
            mine = int(rng.binomial(total, size / total))
            parts = [rate(int(rng.binomial(n, p)), n) for n, p in ((mine, wrong), (total - mine, others))]
            return gap(*parts, mine / total, tolerance=(1 - size / total) * (wrong - others))

        yield Case("gap", f"{size:,} of {size + rest:,} rows, {wrong:g} against {others:g}", draw, large=size >= 3000)


def means() -> Iterator[Case]:
    for rows in (30, 200, 2000):
        for name, sample, truth in (
            ("normal", lambda rng, rows: rng.normal(size=rows), 0.0),
            ("exponential", lambda rng, rows: rng.exponential(size=rows), 1.0),
            ("lognormal", lambda rng, rows: rng.lognormal(size=rows), float(np.exp(0.5))),
        ):

            def draw(
                rng: np.random.Generator,
                rows: int = rows,
                sample: Callable[[np.random.Generator, int], np.ndarray] = sample,
                truth: float = truth,
            ) -> Interval:
                return mean_interval(Moments.of(sample(rng, rows)[:, None]), tolerance=truth)

            yield Case("mean", f"{name}, {rows:,} rows", draw, large=rows >= 200)


TOPICS = (rates, drops, means, losses, errors, classes, rankings, areas, calibrations, groups)


def judge(case: Case, seeds: int) -> bool:
    """Print the row of one case; say whether it keeps what is promised."""
    key = zlib.crc32(f"{case.topic}/{case.name}".encode())
    verdicts = [case.draw(np.random.default_rng([key, seed])).verdict() for seed in range(seeds)]
    failed, passed = verdicts.count("fail"), verdicts.count("pass")
    covered = seeds - failed - passed
    kept = max(failed, passed) <= stats.binom.ppf(0.999, seeds, 0.05)
    kept &= covered >= stats.binom.ppf(0.001, seeds, 0.935)
    kept &= not case.large or covered <= stats.binom.ppf(0.999, seeds, 0.965)
    shares = "  ".join(f"{100 * count / seeds:9.1f} %" for count in (failed, passed, covered))
    print(f"{case.topic:18} {case.name:48} {shares}  {'' if kept else '← not kept'}", flush=True)
    return bool(kept)


def main() -> int:
    """Print the table; return 1 where a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1000, help="samples of each case")
    parser.add_argument("--only", default="", help="topics whose name contains this")
    arguments = parser.parse_args()
    print(f"{'statistic':18} {'case':48} {'wrong fail':>11}  {'wrong pass':>11}  {'coverage':>11}")
    cases = [case for topic in TOPICS for case in topic() if arguments.only in case.topic]
    kept = [judge(case, arguments.seeds) for case in cases]
    print(f"{sum(kept)} of {len(kept)} cases keep what is promised, {arguments.seeds} seeds each.")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
