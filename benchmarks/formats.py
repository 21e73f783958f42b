"""What storage formats cost on the flights table, as ratios to CSV.

    python benchmarks/formats.py [--rounds 6] [--share 50000]

The formats that go row by row in Python (json, avro, protobuf) are measured on the first rows only, `--share` of them,
with CSV on the same rows beside. Last, the time of one step of the explorer's picture: drawing it, without measuring.
"""

from __future__ import annotations

import time

import click
import numpy as np

from mlops_lab import datasets, storage
from mlops_lab.explorers import look
from mlops_lab.explorers.formats import Point, draw

VARIANTS = {name: storage.FORMATS[name].using(engine="pyarrow") for name in ("csv", "json")}
WHOLE = ["csv", VARIANTS["csv"], "parquet", "pickle", "feather", "orc"]
ROW_BY_ROW = ["csv", "json", VARIANTS["json"], "avro", "protobuf"]


@click.command()
@click.option("--rounds", default=6, show_default=True, help="How often everything is measured.")
@click.option("--share", default=50_000, show_default=True, help="Rows for the formats that go row by row.")
def main(rounds: int, share: int) -> None:
    """Print the tables."""
    flights = datasets.flights()
    whole = storage.benchmark(flights, WHOLE, repeats=rounds)
    part = storage.benchmark(flights.head(share), ROW_BY_ROW, repeats=rounds)
    for measured in (whole, part):
        click.echo(f"\n{measured!r}\n\nratios to CSV, with their intervals\n{ratios(measured)}")
    click.echo()
    for reader in ("csv", "csv (pyarrow)"):
        for claim in whole.aws_claim(reader).values():
            click.echo(f"Parquet against {reader}: {claim}")
    click.echo(f"\none step of the explorer's picture: {1000 * step():.0f} ms (median of 15)")


def ratios(measured: storage.Benchmark) -> str:
    """Return the ratios as a table, one row a format."""
    frame = measured.frame
    cells = [f"{row.ratio_to_csv:.3g} ({row.ratio_low:.3g}–{row.ratio_high:.3g})" for row in frame.itertuples()]
    return frame.assign(cell=cells).pivot(index="format", columns="task", values="cell")[measured.tasks].to_string()


def step() -> float:
    """Draw twelve points again and again into one figure."""
    points = [
        Point(f"format {place}", "row" if place % 2 else "column", 1, 1, 1.3**place, 1.5**place, 1.4**place, 1.6**place)
        for place in range(12)
    ]
    figure, seconds = look.figure(), []
    for _ in range(15):
        start = time.perf_counter()
        with look.styled():
            figure.clear()
            draw(points, figure)
        look.picture(figure, "Size against reading time.")
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


if __name__ == "__main__":
    main()
