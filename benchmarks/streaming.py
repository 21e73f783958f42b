"""What a run over Parquet files costs in time and memory, from ten thousand rows to ten million.

    python benchmarks/streaming.py [--largest 10000000]

Twenty numbers and one column of ten levels, a linear model, and a suite of four checks that has every row predicted
twice. Each size in a process of its own: first the files are only read, then the suite runs; reading + predicting is
that first time and what the model itself took. The bars: at most 1.3 times reading + predicting, and 500 MB more than
after the imports, whatever the size.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mlops_lab import evaluation as ev
from mlops_lab.evaluation.parquet import ParquetSource

BLOCK = 100_000
BAR_RATIO, BAR_MEGABYTES = 1.3, 500
SUITE = [
    ev.Perturbation(ev.noise("x0", sd=0.2), max_drop=0.02),
    ev.Calibration(max_error=0.03),
    ev.Confidence(threshold=0.8, min_accuracy=0.8),
    ev.Slices("group", max_gap=0.05),
]


def table(rows: int, seed: int = 0) -> pd.DataFrame:
    """Make rows with their target."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(rows, 20)), columns=[f"x{place}" for place in range(20)])
    frame["group"] = pd.Categorical(rng.choice(list("abcdefghij"), rows), categories=list("abcdefghij"))
    frame["late"] = (rng.random(rows) < 1 / (1 + np.exp(-frame["x0"] - frame["x1"]))).astype(int)
    return frame


def write(path: Path, rows: int) -> None:
    """Write rows in groups of 100,000; from a million on the groups repeat."""
    groups = [pa.Table.from_pandas(table(min(rows, BLOCK), seed), preserve_index=False) for seed in range(10)]
    with pq.ParquetWriter(path, groups[0].schema) as writer:
        for place, start in enumerate(range(0, rows, BLOCK)):
            writer.write_table(groups[place % 10].slice(0, rows - start))


def peak_megabytes() -> float:
    """Return the most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def run(path: str) -> None:
    """Read the file, then run the suite on it; print what each took."""
    sample = table(20_000, seed=99)
    columns = make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")), (OneHotEncoder(), ["group"])
    )
    model = make_pipeline(columns, LogisticRegression()).fit(sample.drop(columns="late"), sample["late"])
    ev.Suite(SUITE).run(model, sample.head(1000), "late", progress=False)  # loads what is loaded late
    idle, began = peak_megabytes(), time.perf_counter()
    for _ in ParquetSource(path, "late").batches(BLOCK):
        pass
    reading = time.perf_counter() - began
    report = ev.Suite(SUITE).run(model, path, "late", progress=False)
    bare = reading + report.predict_seconds
    click.echo(f"{report.rows} {report.rows_predicted} {reading} {bare} {report.seconds} {peak_megabytes() - idle}")


@click.command()
@click.option("--largest", default=10_000_000, show_default=True, help="Rows of the last size.")
@click.option("--run", "path", hidden=True)
def main(largest: int, path: str | None) -> None:
    """Print the curve; fail where a bar is missed."""
    if path:
        return run(path)
    click.echo(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}, "
        f"pandas {pd.__version__}, pyarrow {pa.__version__}\n"
    )
    click.echo(f"{'rows':>12}{'reading s':>11}{'+ predicting':>14}{'suite s':>9}{'×':>7}{'µs/row':>8}{'MB':>6}")
    kept = True
    with tempfile.TemporaryDirectory() as folder:
        for power in range(4, 10):
            if 10**power > largest:
                break
            file = Path(folder, "trips.parquet")
            write(file, 10**power)
            done = subprocess.run([sys.executable, __file__, "--run", str(file)], capture_output=True, text=True)
            done.check_returncode()
            rows, _predicted, reading, bare, whole, megabytes = map(float, done.stdout.split())
            good = megabytes <= BAR_MEGABYTES and (rows < 1e6 or whole <= BAR_RATIO * bare)
            kept = kept and good
            click.echo(
                f"{rows:>12,.0f}{reading:>11.2f}{bare:>14.2f}{whole:>9.2f}{whole / bare:>7.2f}"
                f"{1e6 * whole / rows:>8.2f}{megabytes:>6.0f}  {'kept' if good else 'missed'}"
            )
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
