"""What a run over Parquet files costs in time and memory, from ten thousand rows to ten million.

    python benchmarks/streaming.py [--largest 10000000] [--command-line]

Twenty numbers and one column of ten levels, a linear model, and a suite of four checks that has every row predicted
twice. Each size in a process of its own: first the files are only read, then the suite runs; reading + predicting is
that first time and what the model itself took. The bars: at most 1.3 times reading + predicting, and 500 MB more than
after the imports, whatever the size.

With ``--command-line`` the largest size goes through ``mlops-lab evaluate`` instead, as a folder of files of a million
rows at most; time and memory are what the process needs beyond one that is given a thousand rows.
"""

from __future__ import annotations

import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mlops_lab import evaluation as ev
from mlops_lab.evaluation.parquet import ParquetSource

BLOCK, FILE_ROWS = 100_000, 1_000_000
BAR_RATIO, BAR_MEGABYTES = 1.3, 500
# Runs the command as the shell does, and says at its end how much memory it has held.
MEASURED = """
import sys
from mlops_lab.cli import main
try:
    main()
finally:
    from streaming import peak_megabytes
    print(peak_megabytes(), file=sys.stderr)
"""
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
    if sys.platform == "linux":  # what the system says of a process counts what its parent held when it began
        (line,) = re.findall(r"^VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
        return int(line) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def fitted() -> Pipeline:
    """Fit the linear model."""
    sample = table(20_000, seed=99)
    columns = make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")), (OneHotEncoder(), ["group"])
    )
    return make_pipeline(columns, LogisticRegression()).fit(sample.drop(columns="late"), sample["late"])


def seconds_to_read(path: str | Path) -> float:
    """Read all rows, and do nothing with them."""
    began = time.perf_counter()
    for _ in ParquetSource(path, "late").batches(BLOCK):
        pass
    return time.perf_counter() - began


def run(path: str) -> None:
    """Read the file, then run the suite on it; print what each took."""
    model = fitted()
    ev.Suite(SUITE).run(model, table(1000, seed=99), "late", progress=False)  # loads what is loaded late
    idle, reading = peak_megabytes(), seconds_to_read(path)
    report = ev.Suite(SUITE).run(model, path, "late", progress=False)
    bare = reading + report.predict_seconds
    click.echo(f"{report.rows} {report.rows_predicted} {reading} {bare} {report.seconds} {peak_megabytes() - idle}")


def evaluate(folder: Path, rows: int) -> tuple[dict[str, Any], float, float]:
    """Send rows through the command line; return the report, and the seconds and megabytes of the process."""
    data = folder / f"{rows}"
    data.mkdir()
    for number, start in enumerate(range(0, rows, FILE_ROWS)):
        write(data / f"part_{number:03}.parquet", min(FILE_ROWS, rows - start))
    report = folder / "report.json"
    options = ["--model", "linear:model", "--data", str(data), "--target", "late", "--json", str(report)]
    environment = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{Path(__file__).parent}"}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "evaluate", "trips.suite.yaml", *options],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    if done.returncode not in (0, 1, 3):
        raise SystemExit(done.stderr)
    return json.loads(report.read_text(encoding="utf-8")), seconds, float(done.stderr.split()[-1])


def through_the_command_line(rows: int) -> bool:
    """Compare a run of the command line with one that hardly has a row to look at."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ev.Suite(SUITE).to_yaml(folder / "trips.suite.yaml")
        (folder / "linear.py").write_text("from streaming import fitted\n\nmodel = fitted()\n", encoding="utf-8")
        _, start, idle = evaluate(folder, 1000)
        report, whole, peak = evaluate(folder, rows)
        bare = seconds_to_read(folder / f"{rows}") + report["predict_seconds"]
    ratio, megabytes = (whole - start) / bare, peak - idle
    click.echo(
        f"mlops-lab evaluate, {report['rows']:,} rows: reading + predicting {bare:.1f} s, the command "
        f"{whole - start:.1f} s beyond its start of {start:.1f} s: {ratio:.2f} ×, {megabytes:.0f} MB more"
    )
    return ratio <= BAR_RATIO and megabytes <= BAR_MEGABYTES


@click.command()
@click.option("--largest", default=10_000_000, show_default=True, help="Rows of the last size.")
@click.option("--command-line", is_flag=True, help="Send the largest size through mlops-lab evaluate.")
@click.option("--run", "path", hidden=True)
def main(largest: int, command_line: bool, path: str | None) -> None:
    """Print the curve; fail where a bar is missed."""
    if path:
        return run(path)
    click.echo(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}, "
        f"pandas {pd.__version__}, pyarrow {pa.__version__}\n"
    )
    if command_line:
        sys.exit(0 if through_the_command_line(largest) else 1)
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
