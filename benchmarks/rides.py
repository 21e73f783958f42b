"""How fast are the rides made, and how much memory do they need?

Speed: the fastest of a few rounds, taken in turns; beside it the ratio to numpy drawing as many plain uniform numbers.
Memory: the peak of a fresh process above what it needs for 1,000 rows.
The bars: at least 500,000 trips/s; twice the rows in the same chunks need at most 1.2 times the memory.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
from tqdm import tqdm

from mlops_lab.datasets import rides

ROUNDS = 7
ROWS = 300_000
BAR_SPEED = 500_000
BAR_MEMORY = 1.2


@cache
def trips() -> pd.DataFrame:
    """Make the trips whose probability is asked for, once."""
    return rides.trips(ROWS)


def uniforms() -> None:
    """Draw as many numbers as the trips have cells."""
    np.random.default_rng(0).random((ROWS, trips().shape[1]))


def in_chunks() -> None:
    """Make the trips in chunks, keeping none."""
    for _ in rides.trips(ROWS, chunks=50_000):
        pass


JOBS: dict[str, tuple[int, Callable[[], object]]] = {
    "numpy's uniform numbers": (ROWS, uniforms),
    "trips": (ROWS, lambda: rides.trips(ROWS)),
    "trips, chunks of 50,000": (ROWS, in_chunks),
    "probability": (ROWS, lambda: rides.probability(trips())),
    "wide_trips, 1,000 columns": (10_000, lambda: rides.wide_trips(10_000)),
    "behaviour_events": (100_000, lambda: rides.behaviour_events(100_000)),
    "system_logs": (50_000, lambda: rides.system_logs(50_000)),
    "signup_forms": (20_000, lambda: rides.signup_forms(20_000)),
}


def seconds(job: Callable[[], object]) -> float:
    """Return how long a job takes."""
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def peak_megabytes(rows: int, chunks: int | None) -> float:
    """Return the most memory that a fresh process held while making trips."""
    code = (
        "import resource; from mlops_lab.datasets import rides\n"
        f"made = rides.trips({rows}, chunks={chunks})\n"
        f"[None for _ in made] if {chunks} else None\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout) / (1e6 if sys.platform == "darwin" else 1e3)  # bytes there, kB elsewhere


def speed_table() -> bool:
    """Print the speeds; return whether the bar is kept."""
    trips()
    best = dict.fromkeys(JOBS, float("inf"))
    for _ in tqdm(range(ROUNDS), desc="rounds", file=sys.stderr):
        for name, (_, job) in JOBS.items():
            best[name] = min(best[name], seconds(job))
    plain = best["numpy's uniform numbers"] / ROWS
    print(f"{'':<28}{'rows':>9}{'rows/s':>14}{'× uniform':>12}")
    for name, (rows, _) in JOBS.items():
        print(f"{name:<28}{rows:>9,}{rows / best[name]:>14,.0f}{best[name] / rows / plain:>12.1f}")
    kept = ROWS / best["trips"] >= BAR_SPEED
    print(f"trips ≥ {BAR_SPEED:,} rows/s: {'kept' if kept else 'missed'}")
    return kept


def memory_table() -> bool:
    """Print the memory; return whether the bar is kept."""
    idle = peak_megabytes(1_000, None)
    cases = [(500_000, None), (1_000_000, None), (500_000, 100_000), (1_000_000, 100_000), (1_000_000, 25_000)]
    peaks = {case: peak_megabytes(*case) - idle for case in cases}
    print(f"{'rows':>12}{'chunks':>12}{'MB':>8}")
    for (rows, chunks), megabytes in peaks.items():
        print(f"{rows:>12,}{chunks or 'none':>12}{megabytes:>8.0f}")
    kept = peaks[1_000_000, 100_000] <= BAR_MEMORY * peaks[500_000, 100_000]
    print(f"memory does not grow with the rows when made in chunks: {'kept' if kept else 'missed'}\n")
    return kept


def main() -> int:
    """Print both tables; fail where a bar is missed."""
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"numpy {np.__version__}, pandas {pd.__version__}\n"
    )
    kept = [memory_table(), speed_table()]  # memory first: a new process starts with its parent's peak
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
