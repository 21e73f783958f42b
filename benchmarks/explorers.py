"""Time a step of each explorer, compute and draw, at full size: the 95th percentile and the median of many moves.

python benchmarks/explorers.py [--moves 60]
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from mlops_lab import explorers
from mlops_lab.datasets import broken

PROMISED = 100  # milliseconds: what a hand on a slider takes for at once


def opened() -> Iterator[tuple[str, Any, list[tuple[str, Any]]]]:
    """Open each explorer on 20,000 rows; yield its name, the widget and moves that change something each time."""
    X, y = broken.data("rides", rows=20_000)
    models = broken.models("rides")
    widget = explorers.perturbation(models["brittle"], X, y, ["distance_km", "traffic", "city"])
    strengths = [value for _label, value in widget.controls["strength"].options]
    moves = [("strength", value) for value in strengths] + [("column", "traffic"), ("column", "distance_km")]
    yield "perturbation", widget, moves
    widget = explorers.directional(models["non_monotone"], X, ["distance_km", "traffic"])
    moves = [("row", row) for row in range(2, 21)] + [("column", "traffic"), ("row", 1), ("column", "distance_km")]
    yield "directional", widget, moves
    widget = explorers.calibration({"truth": models["clean"], "overconfident": models["overconfident"]}, X, y)
    sizes = [value for _label, value in widget.controls["rows"].options]
    moves = [("rows", size) for size in sizes] + [("groups", 100), ("model", "overconfident"), ("groups", 30)]
    yield "calibration", widget, [*moves, ("model", "truth"), ("groups", 15)]
    widget = explorers.invariance(models["uses_sex"], X, y, ["rider_sex", "city", "weekday"])
    moves = [("to", "female"), ("to", "male"), ("column", "weekday"), ("to", "Sun"), ("column", "city")]
    yield "invariance", widget, [*moves, ("column", "rider_sex")]
    widget = explorers.slices(models["weak_slice"], X.drop(columns="complaint"), y)
    few, some, _all = (value for _label, value in widget.controls["rows"].options)
    moves = [
        ("way", "confirmed"),
        ("allowed", 0.01),
        ("rows", few),
        ("shuffled", True),
        ("rows", some),
        ("way", "each"),
    ]
    yield "slices", widget, [*moves, ("allowed", 0.05), ("shuffled", False), ("allowed", 0.1)]
    widget = explorers.confidence(models["clean"], X, y)
    thresholds = [value for _label, value in widget.controls["threshold"].options]
    prices = [value for _label, value in widget.controls["price"].options]
    yield "confidence", widget, [*(("threshold", value) for value in thresholds), *(("price", each) for each in prices)]


def seconds(widget: Any, moves: list[tuple[str, Any]], count: int) -> list[float]:
    """Move the controls of an explorer in turn, and time each move that changes something."""
    found: list[float] = []
    for name, value in itertools.cycle(moves):
        if widget.controls[name].value == value:
            continue
        began = time.perf_counter()
        widget.controls[name].value = value
        found.append(time.perf_counter() - began)
        if len(found) == count:
            return found
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=60, help="moves of each explorer")
    moves = parser.parse_args().moves
    print(f"{'explorer':14} {'median':>9} {'95 %':>9}   of {moves} moves; {PROMISED} ms are promised")
    for name, widget, steps in opened():
        milliseconds = 1000 * np.array(seconds(widget, steps, moves))
        slow = np.quantile(milliseconds, 0.95)
        kept = "" if slow <= PROMISED else "   ← not kept"
        print(f"{name:14} {np.median(milliseconds):6.0f} ms {slow:6.0f} ms{kept}")


if __name__ == "__main__":
    main()
