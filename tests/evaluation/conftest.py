"""Results of every kind, counted from simulated rows, and a report of a real run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression

from mlops_lab.evaluation import Report, Result, Suite
from mlops_lab.evaluation.check import Check, Procedure, Setting
from mlops_lab.evaluation.data import Batch
from mlops_lab.evaluation.plan import Answers
from mlops_lab.evaluation.request import Request
from mlops_lab.evaluation.result import Words

ROWS = 4000
EVIL = "<script>alert('x')</script>"


def exact(count: int, rows: int) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of a share."""
    low = beta.ppf(0.025, count, rows - count + 1) if count else 0.0
    high = beta.ppf(0.975, count + 1, rows - count) if count < rows else 1.0
    return float(low), float(high)


@dataclass(frozen=True)
class Positives(Check):
    """Share of positive decisions; a real check, small enough to read."""

    method: ClassVar[str] = "test_positives"
    column: str = "age"
    most: float = 0.5

    @property
    def target(self) -> str:
        return self.column

    def prepare(self, setting: Setting, name: str) -> Procedure:
        return CountPositives(self, name)


@dataclass(frozen=True)
class Counts:
    rows: int
    positive: int

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.rows + other.rows, self.positive + other.positive)


@dataclass
class CountPositives(Procedure):
    check: Positives
    name: str

    def requests(self, batch: Batch) -> Sequence[Request]:
        return ()

    def observe(self, batch: Batch, requests: Sequence[Request], answers: Answers) -> Counts:
        return Counts(batch.rows, int(answers.unchanged.decisions.sum()))

    def result(self, state: Any) -> Result:
        low, high = exact(state.positive, state.rows)
        share = state.positive / state.rows
        return Result(
            self.name,
            self.check.method,
            self.check.target,
            "share of positive decisions",
            "pass" if high <= self.check.most else "fail" if low > self.check.most else "inconclusive",
            share,
            low,
            high,
            self.check.most,
            p_fail=0.0 if low > self.check.most else 1.0,
            rows=state.rows,
            rows_needed=float("inf"),
            details=pd.DataFrame({EVIL: ["all"], "positive": [state.positive]}),
            examples=pd.DataFrame({self.check.column: [EVIL], "secret": ["Ada Lovelace"]}),
            words=Words("Nothing was changed.", f"{state.positive} of {state.rows} decisions are positive.", "Look."),
        )


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame({"age": random.normal(40, 10, ROWS), "hours": random.normal(40, 5, ROWS)})


@pytest.fixture(scope="session")
def target(frame: pd.DataFrame) -> np.ndarray:
    chance = 1 / (1 + np.exp(-(frame["age"] - 40) / 5))
    return (np.random.default_rng(1).random(ROWS) < chance).astype(int).to_numpy()


@pytest.fixture(scope="session")
def run(frame: pd.DataFrame, target: np.ndarray) -> Report:
    """Return the report of a real run: one check passes, one fails, one cannot tell."""
    model = LogisticRegression().fit(frame, target)
    checks = [Positives("age", 0.9), Positives(EVIL, 0.2), Positives("hours", most=float(model.predict(frame).mean()))]
    return Suite(checks).run(model, frame, target, progress=False)


def table(columns: str, rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split())


@pytest.fixture(scope="session")
def details() -> dict[str, pd.DataFrame]:
    """Return a table of details for each kind of result, counted from simulated rows."""
    random = np.random.default_rng(2)
    x = random.normal(size=ROWS)
    chance = 1 / (1 + np.exp(-1.5 * x))
    y = random.random(ROWS) < chance
    right = (x > 0) == y
    sweep = []
    for strength in (0.05, 0.1, 0.2, 0.4):
        noisy = x + strength * random.normal(size=ROWS)
        lost = right.astype(float) - ((noisy > 0) == y)
        error = 1.96 * lost.std() / np.sqrt(ROWS)
        flips = int(((noisy > 0) != (x > 0)).sum())
        sweep.append(
            (strength, lost.mean(), lost.mean() - error, lost.mean() + error, flips / ROWS, *exact(flips, ROWS))
        )
    curve = []
    for low in np.arange(0, 1, 0.1):
        inside = (chance >= low) & (chance < low + 0.1)
        count, rows, said = int(y[inside].sum()), int(inside.sum()), chance[inside].mean()
        band = 2 * np.sqrt(said * (1 - said) / rows)
        curve.append((said, count / rows, *exact(count, rows), said - band, said + band, rows))
    coverage = []
    for threshold in np.linspace(0.5, 0.95, 10):
        sure = np.maximum(chance, 1 - chance) >= threshold
        rows, count = int(sure.sum()), int(right[sure].sum())
        coverage.append((threshold, rows / ROWS, *exact(rows, ROWS), count / rows, *exact(count, rows)))
    pairs = [
        (f"{a} → {b}", 2000, k, k / 2000, *exact(k, 2000), 0.7, 0.3) for a, b, k in [("f", "m", 31), ("m", "f", 12)]
    ]
    parts = [
        ("all", 3800, 120, 120 / 3800, *exact(120, 3800), 0.01),
        ("age > 61", 300, 98, 98 / 300, *exact(98, 300), 0.03),
    ]
    groups = [
        ("sex=f", 2000, 0.8, 0.78, 0.82, 0.02, 0.0, 0.04, 0.9, "pass"),
        (f"job={EVIL}", 90, 0.7, 0.6, 0.8, 0.12, 0.02, 0.22, 0.02, "inconclusive"),
    ]
    weak = [
        ("job = cook and age > 60", 120, 0.09, 0.25, 0.2, 0.12, 0.28, 0.001, True),
        ("age > 70", 80, 0.02, 0.2, 0.1, 0.0, 0.2, 0.1, False),
    ]
    return {
        "perturbation": table("strength estimate low high flips flips_low flips_high", sweep),
        "invariance": table("pair rows changed estimate low high toward_positive toward_negative", pairs),
        "directional": table("part rows violations estimate low high mean_size", parts),
        "calibration": table("predicted observed low high band_low band_high rows", curve),
        "confidence": table(
            "threshold coverage coverage_low coverage_high accuracy accuracy_low accuracy_high", coverage
        ),
        "slices": table("group rows metric metric_low metric_high gap low high p_value verdict", groups),
        "weak_slices": table("slice rows share_of_error found_gap gap low high p_value confirmed", weak),
    }


@pytest.fixture(scope="session")
def results(details: dict[str, pd.DataFrame]) -> dict[str, Result]:
    """Return a result of each kind, and one that could not be made."""
    made = {
        kind: Result(
            f"{kind}:age",
            kind,
            "age",
            "accuracy" if kind == "confidence" else "rate",
            verdict,  # type: ignore[arg-type]
            0.032,
            0.027,
            0.038,
            tolerance,
            larger_is_worse=kind != "confidence",
            rows=ROWS,
            rows_needed=123.4,
            details=details[kind],
            extras={
                "strength_at_tolerance": 0.15,
                "threshold": 0.8,
                "accuracy": 0.84,
                "accuracy_joint": [0.81, 0.87],
                "coverage": 0.4,
                "coverage_joint": [0.38, 0.42],
            },
            words=Words("The age was changed.", "3.2 % of the decisions changed.", "Find out why.", "", ""),
        )
        for kind, verdict, tolerance in zip(
            details,
            ["fail", "fail", "pass", "inconclusive", "fail", "inconclusive", "pass"],
            [0.01, 0.01, 0.05, 0.03, 0.9, 0.03, 0.05],
            strict=True,
        )
    }
    error = ValueError("Input contains NaN")
    made["error"] = Result("gaps", "perturbation", "age", "", "error", notes=(f"ValueError: {error}",), error=error)
    return made
