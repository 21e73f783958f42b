"""One world in which eight checks have a known truth at the same time: what `trust.py` counts a whole suite on."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from mlops_lab import evaluation as ev

ROWS = 400_000
STEPS = 32  # equally likely quantiles of the noise


def trips(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    """Draw rows; every column is independent of the others."""
    return pd.DataFrame(
        {
            "z": rng.normal(size=rows),
            "x": rng.integers(0, 2, rows).astype(float),
            "sex": rng.choice(["f", "m"], rows),
            "km": rng.uniform(0, 10, rows),
            "mark": rng.choice(["none", "sex", "km"], rows, p=[0.9, 0.06, 0.04]),
            "race": rng.choice(["a", "b", "c", "d"], rows, p=[0.4, 0.3, 0.2, 0.1]),
            "job": rng.choice(["cook", "driver", "nurse", "pilot"], rows),
            "plan": rng.choice(["basic", "full"], rows),
        }
    )


def model(X: pd.DataFrame) -> np.ndarray:
    """Answer from z and x; in marked rows also from sex, and the wrong way round from the distance."""
    x = np.where(X["x"].isna(), 0.0, 2 * X["x"] - 1)
    way = np.where(X["mark"] == "km", -0.01, 0.01)
    sex = np.where(X["mark"] == "sex", np.where(X["sex"] == "f", 4.0, -4.0), 0.0)
    return special.expit(2.0 * X["z"].to_numpy() + 0.4 * x + sex + way * X["km"].to_numpy())


def chance(X: pd.DataFrame, score: np.ndarray) -> np.ndarray:
    """Return the exact probability of the positive class: less sure than the score, least so in two groups."""
    pull = 0.05 + 0.4 * (X["race"] == "d") + 0.4 * ((X["job"] == "cook") & (X["plan"] == "basic"))
    return score + pull.to_numpy() * (0.5 - score)


MEAN_PULL = 0.05 + 0.4 * 0.1 + 0.4 / 8


def sample_family(rng: np.random.Generator, rows: int) -> tuple[Any, pd.DataFrame, np.ndarray]:
    """Draw rows and their targets."""
    X = trips(rng, rows)
    return model, X, (rng.random(rows) < chance(X, model(X))).astype(int)


@dataclass(frozen=True)
class Truth:
    """What each check should find."""

    noise: float
    gone: float
    sex: float
    km: float
    calibration: float
    accuracy: float
    coverage: float
    race: float
    slice: float
    shown: float = field(default=0.8)


@lru_cache(maxsize=1)
def truth() -> Truth:
    """Compute every truth as a mean over many rows, without drawing a target."""
    X = trips(np.random.default_rng(0), ROWS)
    score = model(X)
    true = chance(X, score)

    def right(answer: np.ndarray) -> np.ndarray:
        return np.where(answer > 0.5, true, 1 - true)

    def changed(**columns: Any) -> np.ndarray:
        return model(X.assign(**columns))

    before = right(score)
    quantiles = special.ndtri((np.arange(STEPS) + 0.5) / STEPS)
    noisy = np.mean([right(changed(z=X["z"] + 0.2 * step)).mean() for step in quantiles])
    other = changed(sex=np.where(X["sex"] == "f", "m", "f"))
    confidence = np.maximum(score, 1 - score)
    shown = confidence >= 0.8
    weak = ((X["job"] == "cook") & (X["plan"] == "basic")).to_numpy()
    return Truth(
        noise=float(before.mean() - noisy),
        gone=float(0.3 * (before - right(changed(x=np.nan))).mean()),
        sex=float(((other > 0.5) != (score > 0.5)).mean()),
        km=0.04,
        calibration=float(MEAN_PULL * np.abs(0.5 - score).mean()),
        accuracy=float(before[shown].mean()),
        coverage=float(shown.mean()),
        race=float(before.mean() - before[(X["race"] == "d").to_numpy()].mean()),
        slice=float(before.mean() - before[weak].mean()),
    )


CHECKS = ("noise", "missing", "invariance", "directional", "calibration", "confidence", "slices", "weak_slices")


def family(alone: int) -> list[Any]:
    """Make the eight checks: all at their tolerances (−1), or only one while the others are fine."""
    t = truth()

    def at(place: int, exact: float, fine: float) -> float:
        return exact if alone in (-1, place) else fine

    return [
        ev.Perturbation(ev.noise("z", sd=0.2), max_drop=at(0, t.noise, t.noise + 0.05)),
        ev.Perturbation(ev.missing("x", rate=0.3), max_drop=at(1, t.gone, t.gone + 0.05)),
        ev.Invariance("sex", max_change_rate=at(2, t.sex, t.sex + 0.05)),
        ev.Directional("km", by=1.0, max_violation_rate=at(3, t.km, t.km + 0.05)),
        ev.Calibration(at(4, t.calibration, t.calibration + 0.08)),
        ev.Confidence(0.8, at(5, t.accuracy, t.accuracy - 0.08), at(5, t.coverage, t.coverage - 0.1)),
        ev.Slices("race", at(6, t.race, t.race + 0.15)),
        ev.WeakSlices(max_depth=2, max_gap=at(7, t.slice, t.slice + 0.25), columns=["race", "job", "plan"]),
    ]
