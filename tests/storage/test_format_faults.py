"""What a format refuses, what it says of a damaged file, and what is left when writing fails."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlops_lab.storage import FORMATS, Format, StorageError, files
from tests.storage.every_kind import EVERY, EVERY_COMPRESSION, LOG_LIKE, a_table, same_values

# What cannot be stored


def test_unknown_formats_engines_and_compressions_are_answered_with_the_nearest() -> None:
    with pytest.raises(StorageError, match=r"no format 'parket'\. Did you mean 'parquet'"):
        FORMATS["parket"]
    with pytest.raises(StorageError, match=r"no compression for parquet 'gzp'. Did you mean 'gzip'"):
        FORMATS["parquet"].using(compression="gzp")
    with pytest.raises(StorageError, match=r"no engine for csv 'panda'. Did you mean 'pandas'"):
        FORMATS["csv"].using(engine="panda")
    assert "nothing" not in FORMATS


@EVERY
@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (pd.DataFrame(), "no columns"),
        (pd.DataFrame({1: [1]}), "column name 1 is not text"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "more than one column 'a'"),
        (pd.DataFrame({"a": [1]}, index=["x"]), "row labels would be lost"),
        (pd.DataFrame({"a": [1]}).rename_axis("key"), "row labels would be lost"),
    ],
    ids=["empty", "number", "twice", "labels", "named"],
)
def test_tables_that_would_lose_something_are_refused(
    kind: Format, table: pd.DataFrame, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(StorageError, match=problem):
        kind.write(table, tmp_path / "file")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["csv", "json", "avro", "protobuf"])
def test_columns_of_lists_or_mixtures_are_refused_by_name(name: str, tmp_path: Path) -> None:
    for odd in ([[1], [2]], [1, "two"], pd.to_timedelta([1, 2], unit="s")):
        with pytest.raises(StorageError, match="Column 'odd'"):
            FORMATS[name].write(pd.DataFrame({"odd": odd}), tmp_path / "file")
    assert os.listdir(tmp_path) == []


@EVERY
def test_row_labels_that_are_plain_numbers_are_dropped(kind: Format, tmp_path: Path) -> None:
    kind.write(a_table(9).iloc[3:6], tmp_path / "file")
    read = kind.read(tmp_path / "file")
    assert read.index.tolist() == [0, 1, 2]
    assert read["number"].tolist() == [3, 4, 5]


# Files that are missing or damaged


@EVERY
def test_a_missing_file_is_named_with_its_neighbour(kind: Format, tmp_path: Path) -> None:
    (tmp_path / "flights.dat").touch()
    for attempt in (kind.read, lambda path: kind.read_row(path, 0), lambda path: kind.append(path, a_table())):
        with pytest.raises(StorageError, match=r"no file '.*flight\.dat'; the nearest there is 'flights\.dat'"):
            attempt(tmp_path / "flight.dat")
    with pytest.raises(StorageError, match=r"cannot be opened: Is a directory|cannot be read"):
        kind.read(tmp_path)


@pytest.mark.slow
@EVERY_COMPRESSION
def test_a_file_cut_off_is_told_and_never_gives_wrong_rows(kind: Format, tmp_path: Path) -> None:
    path = tmp_path / "flights.dat"
    table = a_table(400)
    kind.write(table, path)
    whole, content = kind.read(path), path.read_bytes()
    told = 0
    for share in np.linspace(0.01, 0.99, 10):
        path.write_bytes(content[: int(len(content) * share)])
        try:
            read = kind.read(path)
        except StorageError as error:
            told += "flights.dat" in str(error)
        else:
            assert kind.name in LOG_LIKE, "only a file without a footer can be cut between two rows"
            rows = len(read) - 1  # text may be cut inside the last value
            for name in whole:
                same_values(read[name].head(rows), whole[name].head(rows))
    assert told > (0 if kind.name in LOG_LIKE else 9)


@EVERY
def test_a_file_of_another_format_is_told(kind: Format, tmp_path: Path) -> None:
    path = tmp_path / "strange.dat"
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(StorageError, match=r"strange\.dat.* cannot be read as"):
        kind.read(path)


def test_a_pickle_of_something_else_is_told(tmp_path: Path) -> None:
    pd.to_pickle([1, 2], tmp_path / "list.pkl")
    with pytest.raises(StorageError, match="holds an object of type list"):
        FORMATS["pickle"].read(tmp_path / "list.pkl")


# Writing that fails


@EVERY
def test_a_missing_directory_is_named(kind: Format, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"there is no directory '.*nowhere': create it first"):
        kind.write(a_table(), tmp_path / "nowhere" / "file")


@EVERY
def test_a_directory_of_somebody_else_is_told(kind: Format, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    tmp_path.chmod(0o755)
    nobody = 65534
    was = os.geteuid()
    if was == 0:  # root may write anywhere
        for parent in tmp_path.parents[:2]:
            parent.chmod(0o755)
        os.seteuid(nobody)
    try:
        with pytest.raises(StorageError, match=r"writing there is not permitted|cannot be opened"):
            kind.write(a_table(), locked / "file")
    finally:
        if was == 0:
            os.seteuid(was)
    assert os.listdir(locked) == []


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file system with room for 256 kB; mounted for real, so only where root may."""
    folder = tmp_path_factory.mktemp("small_disk")
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("mounting a small disk needs root")
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("this system allows no mount")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.slow
@EVERY
def test_a_full_disk_leaves_the_old_file_and_nothing_else(kind: Format, small_disk: Path) -> None:
    path = small_disk / "file"
    kind.write(a_table(20), path)
    before = path.read_bytes()
    noise = np.random.default_rng(0)
    large = a_table(60_000).assign(share=noise.random(60_000), number=noise.integers(2**62, size=60_000))
    for attempt in (kind.write, lambda df, file: kind.append(file, df)):
        with pytest.raises(StorageError, match="no room left: free some space"):
            attempt(large, path)
        assert path.read_bytes() == before
        assert os.listdir(small_disk) == ["file"]
    path.unlink()


@pytest.mark.slow
def test_a_limit_on_file_sizes_is_told_like_a_full_disk(tmp_path: Path) -> None:
    """The same without root: the system refuses to let a file grow beyond 64 kB."""
    script = textwrap.dedent(
        """
        import resource, sys
        import pandas as pd
        from mlops_lab.storage import FORMATS, StorageError
        large = pd.DataFrame({"a": [f"{i * 7919 % 99991} {i}" for i in range(60_000)]})
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
        for name, one in FORMATS.items():
            try:
                one.write(large, f"{sys.argv[1]}/{name}")
            except StorageError as error:
                print(name, "no room left" in str(error))
        """
    )
    ran = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [f"{name} True" for name in FORMATS]
    assert os.listdir(tmp_path) == []


@EVERY
def test_a_write_that_fails_midway_keeps_the_old_file(
    kind: Format, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    kind.write(a_table(), path)
    before = path.read_bytes()

    def no_rename(source: object, target: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "replace", no_rename)
    with pytest.raises(StorageError, match="no room left"):
        kind.write(a_table(5), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["file"]


def test_links_are_followed_and_rights_are_kept(tmp_path: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    FORMATS["csv"].write(a_table(2), real)
    real.chmod(0o640)
    link.symlink_to(real)
    FORMATS["csv"].write(a_table(5), link)
    assert link.is_symlink()
    assert len(FORMATS["csv"].read(real)) == 5
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
