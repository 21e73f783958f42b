"""One sample of several kinds (a picture, a sentence, numbers), kept in one file that any reader can open.

Four containers hold the same table: Parquet with a binary column, a zip of ordinary files, a pickle, and JSON lines
with the picture as base64 text. The pictures are drawn here: a suitcase on the tarmac, as in a damage report.
"""

from __future__ import annotations

import base64
import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd

from mlops_lab.errors import InputError, MlopsLabError, require, shorten
from mlops_lab.storage.errors import StorageError, unknown, unreadable, unwritable
from mlops_lab.storage.files import replacing

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "CONTAINERS",
    "PICTURE_TYPE",
    "Container",
    "compare",
    "read",
    "read_sample",
    "samples",
    "write",
    "write_folder",
]

PICTURE_TYPE = "image/png"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
DAMAGES = ("wheel broken", "handle torn", "corner dented", "no damage seen")
# Small groups of rows, so that one sample can be read without the pictures of all others.
ROWS_A_GROUP = 8


def samples(count: int = 40, seed: int = 0, pixels: int = 96) -> pd.DataFrame:
    r"""Draw damage reports: a picture of a suitcase, a sentence, and two numbers.

    Parameters
    ----------
    count : int, default 40
        How many samples.
    seed : int, default 0
        Same seed, same samples.
    pixels : int, default 96
        Width and height of a picture in pixels.

    Returns
    -------
    pandas.DataFrame
        Columns ``picture`` (bytes of a PNG file), ``text``, ``flight`` (number) and ``weight`` (kilograms).

    Raises
    ------
    InputError
        Where a count or a size is not positive.

    Examples
    --------
    >>> reports = samples(2)
    >>> list(reports.columns), reports["picture"][0][:4]
    (['picture', 'text', 'flight', 'weight'], b'\x89PNG')
    """
    if count < 1 or pixels < 16:
        raise InputError(f"{count} samples of {pixels} pixels cannot be drawn; ask for 1 or more, 16 pixels or more.")
    rng = np.random.default_rng(seed)
    damages = rng.integers(len(DAMAGES), size=count)
    flights = rng.integers(1, 6000, size=count)
    return pd.DataFrame(
        {
            "picture": [_draw(rng, pixels) for _ in range(count)],
            "text": [f"Flight {flight}: {DAMAGES[damage]}" for flight, damage in zip(flights, damages, strict=True)],
            "flight": flights,
            "weight": rng.integers(40, 320, size=count) / 10,
        }
    )


def _draw(rng: np.random.Generator, pixels: int) -> bytes:
    require("PIL", extra="lab")
    from PIL import Image, ImageDraw

    grain = rng.integers(168, 200, size=(pixels, pixels, 1), dtype=np.uint8)  # tarmac, and what keeps a PNG honest
    picture = Image.fromarray(np.repeat(grain, 3, axis=2))
    canvas = ImageDraw.Draw(picture)
    left, top = (int(value) for value in rng.integers(pixels // 8, pixels // 3, size=2))
    right, bottom = left + pixels // 2, top + pixels // 2
    red, green, blue = (int(value) for value in rng.integers(30, 150, size=3))
    canvas.rounded_rectangle((left, top, right, bottom), radius=pixels // 12, fill=(red, green, blue))
    middle = (left + right) // 2
    canvas.rectangle((middle - pixels // 12, top - pixels // 12, middle + pixels // 12, top), outline=(20, 20, 20))
    for wheel in (left + pixels // 10, right - pixels // 10):
        canvas.ellipse((wheel - 3, bottom - 3, wheel + 3, bottom + 3), fill=(20, 20, 20))
    file = io.BytesIO()
    picture.save(file, format="PNG")
    return file.getvalue()


def _write_parquet(frame: pd.DataFrame, file: BinaryIO) -> None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    table = pa.Table.from_pandas(frame, preserve_index=False)
    # Says of the bytes what they are, in the file itself: a reader in another language needs no letter beside it.
    number = table.schema.get_field_index("picture")
    named = table.schema.field(number).with_metadata({"media_type": PICTURE_TYPE})
    table = table.cast(table.schema.set(number, named))
    parquet.write_table(table, file, row_group_size=ROWS_A_GROUP, compression="zstd")


def _read_parquet(file: BinaryIO) -> pd.DataFrame:
    import pyarrow.parquet as parquet

    return parquet.read_table(file).to_pandas()


def _sample_parquet(file: BinaryIO, row: int) -> dict[str, Any]:
    import pyarrow.parquet as parquet

    stored = parquet.ParquetFile(file)
    if row >= stored.metadata.num_rows:
        raise IndexError(row)
    group = stored.read_row_group(row // ROWS_A_GROUP)
    return group.slice(row % ROWS_A_GROUP, 1).to_pylist()[0]


def _write_zip(frame: pd.DataFrame, file: BinaryIO) -> None:
    with zipfile.ZipFile(file, "w") as archive:  # stored as they are: a PNG is compressed already
        for row, record in enumerate(frame.to_dict("records")):
            archive.writestr(f"{row:06}.png", record.pop("picture"))
            archive.writestr(f"{row:06}.json", json.dumps(record))


def _zip_row(archive: zipfile.ZipFile, row: int) -> dict[str, Any]:
    return {"picture": archive.read(f"{row:06}.png"), **json.loads(archive.read(f"{row:06}.json"))}


def _read_zip(file: BinaryIO) -> pd.DataFrame:
    with zipfile.ZipFile(file) as archive:
        return pd.DataFrame([_zip_row(archive, row) for row in range(len(archive.namelist()) // 2)])


def _sample_zip(file: BinaryIO, row: int) -> dict[str, Any]:
    with zipfile.ZipFile(file) as archive:
        if f"{row:06}.png" not in archive.namelist():
            raise IndexError(row)
        return _zip_row(archive, row)


def _write_pickle(frame: pd.DataFrame, file: BinaryIO) -> None:
    pickle.dump(frame, file)


def _read_pickle(file: BinaryIO) -> pd.DataFrame:
    return pickle.load(file)


def _sample_pickle(file: BinaryIO, row: int) -> dict[str, Any]:
    return _read_pickle(file).iloc[row].to_dict()


def _write_json(frame: pd.DataFrame, file: BinaryIO) -> None:
    for record in frame.to_dict("records"):
        record["picture"] = base64.b64encode(record["picture"]).decode("ascii")
        file.write(json.dumps(record).encode() + b"\n")


def _json_row(line: bytes) -> dict[str, Any]:
    record = json.loads(line)
    return {**record, "picture": base64.b64decode(record["picture"])}


def _read_json(file: BinaryIO) -> pd.DataFrame:
    return pd.DataFrame([_json_row(line) for line in file])


def _sample_json(file: BinaryIO, row: int) -> dict[str, Any]:
    for number, line in enumerate(file):  # a line is as long as it is: those before have to be read
        if number == row:
            return _json_row(line)
    raise IndexError(row)


@dataclass(frozen=True, slots=True)
class Container:
    """One kind of file that holds samples of several kinds.

    Parameters
    ----------
    write : callable
        ``write(frame, file)``.
    read : callable
        ``read(file)``, the whole table.
    sample : callable
        ``sample(file, row)``, one row as a dict.
    runs_code : bool
        Whether opening the file can run code that is in it.
    """

    write: Callable[[pd.DataFrame, BinaryIO], None]
    read: Callable[[BinaryIO], pd.DataFrame]
    sample: Callable[[BinaryIO, int], dict[str, Any]]
    runs_code: bool = False


CONTAINERS: dict[str, Container] = {
    "parquet": Container(_write_parquet, _read_parquet, _sample_parquet),
    "zip": Container(_write_zip, _read_zip, _sample_zip),
    "pickle": Container(_write_pickle, _read_pickle, _sample_pickle, runs_code=True),
    "json": Container(_write_json, _read_json, _sample_json),
}


def _container(name: str) -> Container:
    if name not in CONTAINERS:
        raise unknown("container", name, list(CONTAINERS))
    return CONTAINERS[name]


class _Counted(io.FileIO):
    """A file that counts the bytes that were fetched from it."""

    fetched = 0

    def readinto(self, buffer: Any) -> int | None:
        count = super().readinto(buffer)
        self.fetched += count or 0
        return count

    def readall(self) -> bytes:
        content = super().readall()
        self.fetched += len(content)
        return content


@contextmanager
def _opened(path: Path, container: str) -> Iterator[_Counted]:
    """Open a file for reading, and turn what goes wrong inside into one sentence."""
    try:
        with _Counted(path) as file:
            yield file
    except IndexError as error:
        raise StorageError(f"The file {path.name!r} has no row {error}.") from error
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, pickle.UnpicklingError) as error:
        raise unreadable(path, container, error) from error


def write_folder(frame: pd.DataFrame, folder: str | os.PathLike[str]) -> Path:
    """Write samples as they arrive in practice: each picture a file, and a table that names the files.

    Parameters
    ----------
    frame : pandas.DataFrame
        Samples as `samples` draws them.
    folder : path
        Where to; created if need be.

    Returns
    -------
    pathlib.Path
        The table: ``reports.csv``, with the name of the picture in the column ``file``.

    Raises
    ------
    StorageError
        Where the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> table = write_folder(samples(2), tempfile.mkdtemp())
    >>> pd.read_csv(table)["file"].tolist()
    ['report_000.png', 'report_940.png']
    """
    folder = Path(folder)
    # Not in the order of the rows: whoever pairs sorted files with rows gets the wrong pictures.
    names = [f"report_{row * 7919 % 997:03}.png" for row in range(len(frame))]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, picture in zip(names, frame["picture"], strict=True):
            (folder / name).write_bytes(picture)
        frame.drop(columns="picture").assign(file=names).to_csv(folder / "reports.csv", index=False)
    except OSError as error:
        raise unwritable(folder, error) from error
    return folder / "reports.csv"


def write(frame: pd.DataFrame, path: str | os.PathLike[str], container: str = "parquet") -> Path:
    """Write samples into one file, whole or not at all.

    Parameters
    ----------
    frame : pandas.DataFrame
        Samples, with the bytes of a PNG file in the column ``picture``.
    path : path
        Where to.
    container : {"parquet", "zip", "pickle", "json"}, default "parquet"
        Kind of file; Parquet, since every language reads it, it carries types and can be read in parts.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        Where the container is not known, the frame has no pictures, or one of them is no PNG.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write(samples(3), Path(folder) / "reports.parquet")
    ...     read_sample(path, 2)["text"]
    'Flight 246: corner dented'
    """
    kind = _container(container)
    if "picture" not in frame:
        raise InputError(f"The column 'picture' is missing; the columns are {shorten(map(str, frame.columns))}.")
    for row, picture in enumerate(frame["picture"]):
        if not (isinstance(picture, bytes) and picture.startswith(PNG_SIGNATURE)):
            raise InputError(f"The picture of row {row} is not the bytes of a PNG file; encode it as one first.")
    with replacing(Path(path)) as unfinished, unfinished.open("wb") as file:
        kind.write(frame, file)
    return Path(path)


def read(path: str | os.PathLike[str], container: str = "parquet") -> pd.DataFrame:
    """Read all samples of a file.

    Parameters
    ----------
    path : path
        The file.
    container : {"parquet", "zip", "pickle", "json"}, default "parquet"
        Kind of file. A pickle is only to be opened where it is your own: opening it runs what is in it.

    Returns
    -------
    pandas.DataFrame
        As it was written.

    Raises
    ------
    StorageError
        Where there is no such file, or it is not of that kind, or cut short.
    """
    kind = _container(container)
    with _opened(Path(path), container) as file, io.BufferedReader(file) as buffered:
        return kind.read(buffered)


def read_sample(path: str | os.PathLike[str], row: int, container: str = "parquet") -> dict[str, Any]:
    """Read one sample of a file, and no more of the file than the container needs for it.

    Parameters
    ----------
    path : path
        The file.
    row : int
        Position of the sample, from 0.
    container : {"parquet", "zip", "pickle", "json"}, default "parquet"
        Kind of file.

    Returns
    -------
    dict
        Name of the column to its value.

    Raises
    ------
    StorageError
        Where there is no such file or no such row.
    """
    kind = _container(container)
    if row < 0:
        raise StorageError(f"The row {row} is below 0; the first one is 0.")
    with _opened(Path(path), container) as file, io.BufferedReader(file) as buffered:
        return kind.sample(buffered, row)


def compare(frame: pd.DataFrame, row: int = -1) -> pd.DataFrame:
    """Write the same samples into every container and say what each costs.

    Parameters
    ----------
    frame : pandas.DataFrame
        Samples, with the bytes of a PNG file in the column ``picture``.
    row : int, default -1
        Which sample to fetch alone; by default the last one, the worst case for a file that is read from its beginning.

    Returns
    -------
    pandas.DataFrame
        One row for each container: ``bytes``; ``growth``, bytes for each byte of the pictures; ``fetched``, the share
        of the file that had to be read for one sample; ``runs_code``, whether opening it can run what is in it.

    Raises
    ------
    InputError
        Where the frame is none of samples, or the row is not in it.
    MlopsLabError
        Where a container does not give back what was written.

    Examples
    --------
    >>> table = compare(samples(24))
    >>> float(table.loc["json", "growth"].round(1))
    1.3
    """
    row = row % len(frame) if -len(frame) <= row < 0 else row
    payload = int(frame["picture"].map(len).sum())
    found: dict[str, dict[str, Any]] = {}
    with TemporaryDirectory(prefix="mlops-lab-") as folder:
        for name, kind in CONTAINERS.items():
            path = write(frame, Path(folder) / name, name)
            with _opened(path, name) as file, io.BufferedReader(file) as buffered:
                sample = kind.sample(buffered, row)
                fetched = file.fetched
            if sample["picture"] != frame["picture"].iloc[row]:
                raise MlopsLabError(f"The container {name!r} gave back another picture than was written.")
            size = path.stat().st_size
            found[name] = {
                "bytes": size,
                "growth": size / payload,
                "fetched": fetched / size,
                "runs_code": kind.runs_code,
            }
    return pd.DataFrame.from_dict(found, orient="index").rename_axis("container")
