"""What a check costs beyond the predictions that it needs: time and memory of the evaluation suite.

    python benchmarks/evaluation.py [--rounds 7] [--only checks|adult|bootstrap|search]

Bare is the model's own `predict_proba` of exactly the rows that the suite had to predict, stacked in one call. The
rounds take bare and whole in turns, so that a busy moment hits both; the fastest of each is compared.
The bars: at most 1.15 times bare and 20 ms (120 ms with WeakSlices, which searches); 2,000 bootstrap replicates of ten
groups and four metrics at most 0.2 times bare; WeakSlices on 200,000 rows and 21 columns at most 2 s and 300 MB beyond
the prediction, at depth three 15 s.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import click
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from mlops_lab import datasets
from mlops_lab import evaluation as ev
from mlops_lab.evaluation.statistics.confusion import Confusion, resample

ROWS, NUMBERS = 20_000, 20
RATIO, FIXED, FIXED_SEARCH = 1.15, 0.020, 0.120
REPLICATES, BAR_BOOTSTRAP = 2000, 0.2
SEARCHED_ROWS, BAR_SEARCH, BAR_MEGABYTES = 200_000, {2: 2.0, 3: 15.0}, 300

CHECKS: dict[str, ev.Check] = {
    "Perturbation, noise, sweep of 4": ev.Perturbation(
        ev.noise("x0", sd=0.2), max_drop=0.02, metric="accuracy", sweep=(0.05, 0.1, 0.2, 0.4)
    ),
    "Perturbation, missing": ev.Perturbation(ev.missing("x1", rate=0.1), max_drop=0.02),
    "Invariance, ten levels": ev.Invariance("group", max_change_rate=0.01),
    "Directional": ev.Directional("x2", by=0.5, expect="not_decrease", max_violation_rate=0.01),
    "Calibration": ev.Calibration(max_error=0.03, kind="positive"),
    "Confidence": ev.Confidence(threshold=0.8, min_accuracy=0.95, min_coverage=0.5),
    "Slices": ev.Slices(["group"], max_gap=0.05, metric="accuracy"),
    "WeakSlices, depth 2": ev.WeakSlices(max_depth=2, max_gap=0.10),
}
ADULT = [
    ev.Perturbation(ev.noise("hours_per_week", sd=0.2), max_drop=0.02, metric="accuracy", sweep=(0.05, 0.1, 0.2, 0.4)),
    ev.Perturbation(ev.missing("occupation", rate=0.1), max_drop=0.02),
    ev.Invariance("sex", max_change_rate=0.01),
    ev.Directional("education_num", by=2, expect="not_decrease", max_violation_rate=0.01),
    ev.Calibration(max_error=0.03, kind="positive"),
    ev.Confidence(threshold=0.8, min_accuracy=0.95, min_coverage=0.5),
    ev.Slices(["race", "sex"], max_gap=0.05, metric="accuracy"),
    ev.WeakSlices(max_depth=2, max_gap=0.10),
]


def table(rows: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Make rows of twenty numbers and one column of ten levels."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(rows, NUMBERS)), columns=[f"x{place}" for place in range(NUMBERS)])
    frame["group"] = pd.Categorical(rng.choice(list("abcdefghij"), rows))
    chance = 1 / (1 + np.exp(-frame["x0"] - frame["x1"] * frame["x2"]))
    return frame, (rng.random(rows) < chance).to_numpy().astype(int)


def models(frame: pd.DataFrame, target: Any) -> dict[str, Any]:
    """Fit the three models."""
    numbers, levels = make_column_selector(dtype_include="number"), make_column_selector(dtype_exclude="number")
    scaled = make_pipeline(SimpleImputer(), StandardScaler())
    one_hot = make_pipeline(
        SimpleImputer(strategy="most_frequent", missing_values=np.nan), OneHotEncoder(handle_unknown="ignore")
    )
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    every = {
        "HistGradientBoosting": HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0),
        "LogisticRegression": make_pipeline(
            make_column_transformer((scaled, numbers), (one_hot, levels)), LogisticRegression(max_iter=300)
        ),
        "RandomForest": make_pipeline(
            make_column_transformer(("passthrough", numbers), (codes, levels)),
            RandomForestClassifier(min_samples_leaf=5, n_jobs=-1, random_state=0),
        ),
    }
    return {name: model.fit(frame, target) for name, model in every.items()}


class Recorder:
    """A model that keeps the frames it is given."""

    def __init__(self, model: Any) -> None:
        self.model, self.classes_, self.frames = model, model.classes_, []

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        self.frames.append(frame.copy())
        return self.model.predict_proba(frame)


def asked(suite: ev.Suite, model: Any, frame: pd.DataFrame, target: Any) -> tuple[ev.Report, list[pd.DataFrame]]:
    """Run a suite; return the rows it had to predict, in one frame, or one for each set of types."""
    recorder = Recorder(model)
    report = suite.run(recorder, frame, target, progress=False)
    given, rows = [], 0
    while rows < report.rows_predicted:  # the first calls only tried the model
        given.insert(0, recorder.frames.pop())
        rows += len(given[0])
    assert rows == report.rows_predicted
    return report, [pd.concat(list(alike)) for _, alike in groupby(given, key=lambda part: tuple(part.dtypes))]


def in_turns(jobs: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Return the fewest seconds of each job."""
    best = [float("inf")] * len(jobs)
    for _ in range(rounds):
        for place, job in enumerate(jobs):
            began = time.perf_counter()
            job()
            best[place] = min(best[place], time.perf_counter() - began)
    return best


def cost(label: str, checks: Sequence[ev.Check], model: Any, frame: pd.DataFrame, target: Any, rounds: int) -> bool:
    """Print what some checks cost; return whether the bar is kept."""
    suite = ev.Suite(checks)
    report, stacked = asked(suite, model, frame, target)
    bare, whole = in_turns(
        [
            lambda: [model.predict_proba(part) for part in stacked],
            lambda: suite.run(model, frame, target, progress=False),
        ],
        rounds,
    )
    promised = suite.estimate(model, frame, target)
    allowed = FIXED_SEARCH if any(isinstance(check, ev.WeakSlices) for check in checks) else FIXED
    fixed = whole - RATIO * bare
    click.echo(
        f"{label:<33}{report.rows_predicted:>9,}{1e3 * bare:>9.1f}{1e3 * whole:>9.1f}{whole / bare:>7.2f}"
        f"{1e3 * fixed:>9.1f}{1e3 * allowed:>6.0f} {'kept' if fixed <= allowed else 'missed':<7}"
        f"{promised.rows_to_predict / report.rows_predicted:>7.2f}{promised.seconds / bare:>7.2f}"
    )
    return fixed <= allowed


def costs(rounds: int, only: str | None) -> bool:
    """Print what each check and the whole suite costs."""
    click.echo(
        f"{'':<33}{'rows':>9}{'bare ms':>9}{'all ms':>9}{'×':>7}{'−1.15×':>9}{'bar':>6} {'':<7}{'of rows, s':>14}"
    )
    kept = []
    if only in (None, "checks"):
        frame, target = table(ROWS)
        for name, model in models(frame, target).items():
            click.echo(f"{name}, {ROWS:,} × {NUMBERS + 1}")
            for label, check in CHECKS.items():
                kept.append(cost(label, [check], model, frame, target, rounds))
            kept.append(cost("all of them", list(CHECKS.values()), model, frame, target, rounds))
    if only in (None, "adult"):
        people = datasets.adult()
        texts = people.select_dtypes(exclude="number").columns.drop(["split", "income"])
        people[texts] = people[texts].astype("category")  # as boosting wants them
        parts = {part: people[people["split"] == part].drop(columns="split") for part in ("train", "test")}
        frame, target = parts["test"].drop(columns="income"), parts["test"]["income"]
        click.echo(f"UCI Adult, {len(frame):,} × {frame.shape[1]}")
        for name, model in models(parts["train"].drop(columns="income"), parts["train"]["income"]).items():
            kept.append(cost(f"the suite, {name}", ADULT, model, frame, target, rounds))
    click.echo()
    return all(kept)


def bootstrap(rounds: int) -> bool:
    """Print what 2,000 bootstrap replicates of four metrics in ten groups cost."""
    frame, target = table(ROWS)
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0).fit(frame, target)
    decided, group = model.predict(frame), frame["group"].cat.codes.to_numpy()

    def replicate() -> np.ndarray:
        masks = (group == code for code in range(10))
        states = [Confusion.of(target[mask], decided[mask], classes=2) for mask in masks]
        counts = np.stack([np.einsum("ijk->ij", state.table()).ravel() for state in states])
        return four_metrics(resample(counts, REPLICATES, np.random.default_rng(0)))

    bare, drawn = in_turns([lambda: model.predict_proba(frame), replicate], rounds)
    kept = drawn <= BAR_BOOTSTRAP * bare
    click.echo(
        f"{REPLICATES:,} bootstrap replicates, ten groups × four metrics: {1e3 * drawn:.1f} ms, {drawn / bare:.2f} × "
        f"bare (≤ {BAR_BOOTSTRAP}: {'kept' if kept else 'missed'})"
    )
    four = [ev.Slices(["group"], against="rest", metric=name) for name in ("accuracy", "f1", "balanced_accuracy")]
    four.append(ev.Slices(["group"], metric="brier_score"))
    return cost("Slices, four metrics", four, model, frame, target, rounds) and kept


def four_metrics(counts: np.ndarray) -> np.ndarray:
    """Return accuracy, precision, recall and F1 from counts of (truth, decision), in the last axis."""
    right_no, wrong_yes, wrong_no, right_yes = np.moveaxis(counts, -1, 0)
    decided, true, right = right_yes + wrong_yes, right_yes + wrong_no, right_no + right_yes
    with np.errstate(invalid="ignore"):
        return np.stack(
            [
                right / (right + wrong_yes + wrong_no),
                right_yes / decided,
                right_yes / true,
                2 * right_yes / (decided + true),
            ]
        )


def search(depth: int) -> None:
    """Search weak slices in a process of its own, and print seconds and megabytes beyond the bare prediction."""
    frame, target = table(SEARCHED_ROWS)
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", max_iter=50, random_state=0)
    model.fit(frame.head(ROWS), target[:ROWS])
    began = time.perf_counter()
    model.predict_proba(frame)
    bare, before = time.perf_counter() - began, peak_megabytes()
    report = ev.Suite([ev.WeakSlices(max_depth=depth, max_gap=0.10)]).run(model, frame, target, progress=False)
    beyond = report.seconds - report.predict_seconds
    slices = report.results[0].extras["slices_searched"]
    click.echo(f"{depth} {beyond} {peak_megabytes() - before} {report.seconds / bare} {slices}")


def peak_megabytes() -> float:
    """Return the most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def searches() -> bool:
    """Print what searching 200,000 rows costs."""
    click.echo(f"\nWeakSlices on {SEARCHED_ROWS:,} × {NUMBERS + 1}, beyond the prediction")
    kept = []
    for depth, bar in BAR_SEARCH.items():
        done = subprocess.run([sys.executable, __file__, "--search", str(depth)], capture_output=True, text=True)
        done.check_returncode()
        _, seconds, megabytes, ratio, slices = map(float, done.stdout.split())
        good = seconds <= bar and (depth > 2 or megabytes <= BAR_MEGABYTES)
        kept.append(good)
        click.echo(
            f"depth {depth}, {slices:>9,.0f} slices: {seconds:6.2f} s (≤ {bar:g} s), {megabytes:4.0f} MB, "
            f"{ratio:.1f} × bare: {'kept' if good else 'missed'}"
        )
    return all(kept)


@click.command()
@click.option("--rounds", default=7, show_default=True, help="How often everything is measured.")
@click.option("--only", type=click.Choice(["checks", "adult", "bootstrap", "search"]), help="One part.")
@click.option("--search", "depth", type=int, hidden=True)
def main(rounds: int, only: str | None, depth: int | None) -> None:
    """Print the tables; fail where a bar is missed."""
    if depth:
        return search(depth)
    click.echo(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}, "
        f"pandas {pd.__version__}, scikit-learn {sklearn.__version__}\n"
    )
    kept = []
    if only in (None, "checks", "adult"):
        kept.append(costs(rounds, only))
    if only in (None, "bootstrap"):
        kept.append(bootstrap(rounds))
    if only in (None, "search"):
        kept.append(searches())
    sys.exit(0 if all(kept) else 1)


if __name__ == "__main__":
    main()
