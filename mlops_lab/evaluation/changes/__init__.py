"""Changes of the inputs, for `Perturbation`: each a small frozen dataclass with ``apply(frame, rng) -> frame``."""

from mlops_lab.evaluation.changes.base import CHANGES, Change
from mlops_lab.evaluation.changes.levels import Miscode, Missing, Swap, Typo, Unseen
from mlops_lab.evaluation.changes.numeric import (
    UNITS,
    CorrelatedNoise,
    Noise,
    OutOfRange,
    Rescale,
    RoundOff,
    Shift,
    UnitError,
)

__all__ = [
    "CHANGES",
    "UNITS",
    "Change",
    "CorrelatedNoise",
    "Miscode",
    "Missing",
    "Noise",
    "OutOfRange",
    "Rescale",
    "RoundOff",
    "Shift",
    "Swap",
    "Typo",
    "UnitError",
    "Unseen",
]
