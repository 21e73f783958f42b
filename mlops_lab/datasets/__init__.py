"""Data that every lesson and test can rely on.

Real tables: :func:`flights`, :func:`weather`, :func:`planes`, :func:`airports`, :func:`airlines` (New York, 2013) and
:func:`adult` (United States census, 1994). Made tables, whose truth is known: :mod:`~mlops_lab.datasets.rides`, and
models with one planted fault each: :mod:`~mlops_lab.datasets.broken`.
"""

from __future__ import annotations

import importlib
from typing import Any

from mlops_lab.datasets.checksum import checksum
from mlops_lab.datasets.shipped import adult, airlines, airports, flights, path, planes, weather

__all__ = [
    "adult",
    "airlines",
    "airports",
    "broken",
    "checksum",
    "flights",
    "path",
    "planes",
    "rides",
    "weather",
]


def __getattr__(name: str) -> Any:
    """Import `rides` and `broken` when first asked for, since they load pandas and scikit-learn."""
    if name in ("broken", "rides"):
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
