"""What comes back from a file, whole, in parts, after rows were added, and from other programs."""

from __future__ import annotations

import gzip
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_lab.storage import FORMATS, Format, StorageError, files
from tests.storage.every_kind import EVERY, EVERY_COMPRESSION, KINDS, LOG_LIKE, a_table, same_values

# What comes back


def without_na(values: pd.Series) -> list[object]:
    return [None if missing else value for value, missing in zip(values.tolist(), values.isna(), strict=True)]


def moments(values: pd.Series) -> list[object]:
    return without_na(pd.to_datetime(values.astype(object), utc=True).dt.as_unit("ns"))


# For a kind of value that a format loses in part: what must be left of it, for the values written and read.
REMAINS: dict[str, Callable[[pd.Series], list[object]]] = {
    "narrow integer": without_na,
    "unsigned integer": without_na,
    "integer with gaps": without_na,
    "narrow float": lambda values: without_na(values.astype("float32")),
    "float": lambda values: without_na(values.astype("float64")),
    "infinity": lambda values: without_na(values.replace([np.inf, -np.inf], np.nan)),
    "boolean with gaps": without_na,
    "text": without_na,
    "empty text": lambda values: [value or None for value in without_na(values)],
    "timestamp": moments,
    "timestamp with timezone": moments,
    "category": without_na,
}

whole_numbers = st.integers(-(2**63), 2**63 - 1)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8).map("x{}".format)
texts |= st.sampled_from(
    ["a,b", 'say "yes"', "two\nlines", "back\r\nand forth", "carriage\rreturn", "  room  ", "NA", "null"]
)
stamps = st.integers(-(2**49), 2**52).map(lambda number: pd.Timestamp(number, unit="us"))

VALUES: dict[str, tuple[st.SearchStrategy[object], object]] = {
    "integer": (whole_numbers, "int64"),
    "narrow integer": (st.integers(-128, 127), "int8"),
    "unsigned integer": (st.integers(0, 2**63 - 1), "uint64"),
    "integer with gaps": (st.none() | st.integers(-(2**53), 2**53), "Int64"),
    "float": (st.floats(allow_infinity=False), "float64"),
    "narrow float": (st.floats(width=32, allow_infinity=False), "float32"),
    "infinity": (st.sampled_from([1.5, np.inf, -np.inf]), "float64"),
    "boolean": (st.booleans(), "bool"),
    "boolean with gaps": (st.none() | st.booleans(), "boolean"),
    "text": (st.none() | texts, None),
    "empty text": (st.none() | st.sampled_from(["", "full"]), None),
    "timestamp": (st.none() | stamps, "datetime64[us]"),
    "timestamp with timezone": (st.none() | stamps, "datetime64[us, UTC]"),
    "category": (st.none() | st.sampled_from(["red", "green"]), pd.CategoricalDtype(["red", "green", "blue"])),
}


@st.composite
def frames(draw: st.DrawFn, min_size: int = 0) -> pd.DataFrame:
    rows = draw(st.integers(min_size, 8))
    columns = {}
    for name, (values, dtype) in VALUES.items():
        drawn = draw(st.lists(values, min_size=rows, max_size=rows))
        if rows and "text" in name:
            drawn[0] = "full"  # a column of gaps is a kind of its own
        dtype = dtype or pd.Series(["text"]).dtype
        column = pd.Series(drawn, dtype="datetime64[us]" if "timestamp" in name else dtype)
        columns[name] = column.dt.tz_localize("UTC").dt.tz_convert("Europe/Madrid") if "zone" in name else column
    return pd.DataFrame(columns)


quick = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def assert_kept(written: pd.DataFrame, read: pd.DataFrame, kind: Format) -> None:
    assert list(read.columns) == list(written.columns)
    for name in written:
        if name in kind.loses:
            remains = REMAINS[str(name)]
            assert remains(read[name]) == remains(written[name]), name
        else:
            pd.testing.assert_series_equal(read[name], written[name], check_exact=True)


@pytest.mark.slow
@EVERY
@quick
@given(frame=frames())
def test_reading_gives_back_what_was_written(kind: Format, frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / f"table{kind.extension}"
    kind.write(frame, path)
    read = kind.read(path)
    assert len(read) == len(frame)
    if len(frame) or "empty frame" not in kind.loses:
        assert_kept(frame, read, kind)
    elif kind.layout == "column":
        assert list(read.columns) == list(frame.columns)


EXAMPLES = {
    "narrow integer": [pd.Series([1, 2], dtype="int8")],
    "unsigned integer": [pd.Series([1, 2], dtype="uint64")],
    "integer with gaps": [pd.Series([1, 2], dtype="Int64")],
    "float": [pd.Series([0.1 + 0.2]), pd.Series([1.0, 2.0])],
    "narrow float": [pd.Series([0.1], dtype="float32")],
    "infinity": [pd.Series([np.inf])],
    "boolean with gaps": [pd.Series([True, False], dtype="boolean")],
    "text": [pd.Series(["007", "008"]), pd.Series(["2020-01-01 00:00:00", "2020-01-02 00:00:00"])],
    "empty text": [pd.Series(["", "full"])],
    "timestamp": [pd.Series(pd.date_range("2020", periods=2, unit=unit)) for unit in ("s", "us")],
    "timestamp with timezone": [pd.Series(pd.date_range("2020", periods=2, tz="Europe/Madrid", unit="us"))],
    "category": [pd.Series(["a", "b"], dtype="category")],
    "column of gaps": [pd.Series([np.nan, np.nan]), pd.Series([None, None], dtype=pd.Series(["text"]).dtype)],
    "empty frame": [pd.Series([], dtype=pd.CategoricalDtype(["red", "green"]))],
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "loss"),
    [(kind, loss) for kind in KINDS for loss in kind.loses],
    ids=lambda one: getattr(one, "label", one),
)
def test_what_a_format_says_it_loses_it_does_lose(kind: Format, loss: str, tmp_path: Path) -> None:
    def comes_back(example: pd.Series) -> bool:
        frame = example.to_frame("column")
        kind.write(frame, tmp_path / "file")
        return kind.read(tmp_path / "file").equals(frame)

    assert not all(comes_back(example) for example in EXAMPLES[loss])


@EVERY
def test_a_column_without_any_value_is_stored(kind: Format, tmp_path: Path) -> None:
    frame = pd.DataFrame({"number": [1, 2], "nothing": pd.Series([None, None], dtype=object)})
    kind.write(frame, tmp_path / "file")
    assert kind.read(tmp_path / "file")["nothing"].isna().tolist() == [True, True]


def test_text_formats_with_pyarrow_tell_the_empty_from_the_missing_text(tmp_path: Path) -> None:
    kind = FORMATS["csv"].using(engine="pyarrow")
    kind.write(pd.DataFrame({"a": ["", None, "x"]}), tmp_path / "a.csv")
    assert kind.read(tmp_path / "a.csv")["a"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("name", ["parquet", "feather", "orc", "avro", "protobuf", "pickle"])
def test_whole_numbers_beyond_the_floats_survive_a_gap(name: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": pd.array([2**53 + 1, None], dtype="Int64")})
    FORMATS[name].write(frame, tmp_path / "file")
    assert int(FORMATS[name].read(tmp_path / "file")["a"][0]) == 2**53 + 1


@pytest.mark.parametrize("name", ["parquet", "feather", "orc", "avro", "protobuf", "pickle"])
def test_binary_formats_carry_bytes_and_text_formats_refuse_them(name: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"picture": [b"\x00\xff", b"", None]})
    FORMATS[name].write(frame, tmp_path / "file")
    assert without_na(FORMATS[name].read(tmp_path / "file")["picture"]) == [b"\x00\xff", b"", None]
    with pytest.raises(StorageError, match="'picture' holds bytes"):
        FORMATS["csv"].write(frame, tmp_path / "file.csv")


@pytest.mark.slow
@EVERY_COMPRESSION
def test_every_compression_is_read_extended_and_found_out(kind: Format, tmp_path: Path) -> None:
    path = tmp_path / "file"
    table = a_table()
    kind.write(table, path)
    plain_reader = FORMATS[kind.name].using(engine=kind.engine)
    plain_reader.append(path, table.head(3))
    read = plain_reader.read(path)
    same_values(read["odd name, é"], pd.concat([table, table.head(3)])["odd name, é"])
    same_values(read["number"], pd.concat([table, table.head(3)])["number"])


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.label)
def test_compression_makes_a_repetitive_file_smaller(kind: Format, tmp_path: Path) -> None:
    table = pd.DataFrame({"text": ["the same long sentence again and again"] * 5000, "number": range(5000)})
    sizes = {}
    for compression in kind.compressions:
        kind.write(table, tmp_path / "file", compression=compression)
        sizes[compression] = (tmp_path / "file").stat().st_size
    assert all(size < sizes["none"] for name, size in sizes.items() if name != "none"), sizes


@pytest.mark.parametrize("engine", ["pandas", "pyarrow"])
def test_csv_keeps_whatever_looks_like_its_own_signs(engine: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a\rb": ["carriage\rreturn", "line\nfeed", "a,b", '"', '""', "\r", "NA", "x"]})
    kind = FORMATS["csv"].using(engine=engine)
    kind.write(frame, tmp_path / "file.csv")
    pd.testing.assert_frame_equal(kind.read(tmp_path / "file.csv"), frame)


@pytest.mark.parametrize("engine", ["pandas", "pyarrow"])
def test_a_csv_whose_last_line_ends_early_is_refused(engine: str, tmp_path: Path) -> None:
    kind, path = FORMATS["csv"].using(engine=engine), tmp_path / "flights.csv"
    path.write_text("a,b\n1,2\n3")
    with pytest.raises(StorageError, match=r"flights\.csv.*cut off"):
        kind.read(path)
    path.write_text("a,b\n1,2\n3,4")  # without a newline at the end, as many programs write it
    assert kind.read(path)["b"].tolist() == [2, 4]


# Parts of a file


@pytest.mark.slow
@EVERY
@quick
@given(frame=frames(min_size=1), data=st.data())
def test_columns_and_rows_are_those_of_the_whole(
    kind: Format, frame: pd.DataFrame, data: st.DataObject, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    kind.write(frame, path)
    read = kind.read(path)
    names = data.draw(st.lists(st.sampled_from(list(frame.columns)), min_size=1, max_size=3, unique=True))
    pd.testing.assert_frame_equal(kind.read_columns(path, names), read[names])
    row = data.draw(st.integers(0, len(frame) - 1))
    found = kind.read_row(path, row)
    assert len(found) == 1
    if not kind.human_readable:  # where gaps decide the type (ORC), one row cannot know it
        by_gaps = "integer with gaps" in kind.loses
        pd.testing.assert_frame_equal(found, read.iloc[[row]].reset_index(drop=True), check_dtype=not by_gaps)
    else:  # the types are guessed from one row here, and from all of them there
        for name in ("integer", "text", "boolean"):
            assert without_na(found[name]) == without_na(read[name].iloc[[row]])


@pytest.mark.slow
@EVERY
def test_a_row_behind_the_first_group_is_found(kind: Format, tmp_path: Path) -> None:
    rows = 70_000 if kind.layout == "column" else 3000  # more than one row group, batch or block
    table = pd.DataFrame({"number": np.arange(rows), "half": np.arange(rows) / 2})
    kind.write(table, tmp_path / "file")
    for row in (0, rows // 2, rows - 2, rows - 1):
        assert kind.read_row(tmp_path / "file", row)["number"].tolist() == [row]


@pytest.mark.parametrize(("name", "part"), [("parquet", 0.6), ("feather", 0.6)])
def test_one_column_is_read_without_the_others(name: str, part: float, tmp_path: Path) -> None:
    """Destroy the bytes of the other column: whoever reads only the first does not notice."""
    noise = np.random.default_rng(0)
    table = pd.DataFrame({"first": noise.random(50_000), "second": noise.random(50_000)})
    path = tmp_path / "file"
    FORMATS[name].write(table, path, compression="none")
    content = bytearray(path.read_bytes())
    middle = int(len(content) * part)
    content[middle : middle + len(content) // 10] = bytes(len(content) // 10)
    path.write_bytes(content)
    assert FORMATS[name].read_columns(path, ["first"])["first"].equals(table["first"])
    assert not FORMATS[name].read_columns(path, ["second"])["second"].equals(table["second"])


@EVERY
def test_unknown_columns_and_rows_are_named(kind: Format, tmp_path: Path) -> None:
    path = tmp_path / "file"
    kind.write(a_table(3), path)
    with pytest.raises(StorageError, match=r"no column 'nmber'\. Did you mean 'number'"):
        kind.read_columns(path, ["share", "nmber"])
    with pytest.raises(StorageError, match="has no row 3: its 3 rows"):
        kind.read_row(path, 3)
    with pytest.raises(StorageError, match="has no row -1"):
        kind.read_row(path, -1)
    with pytest.raises(StorageError, match="list of at least one name"):
        kind.read_columns(path, "number")
    with pytest.raises(StorageError, match="list of at least one name"):
        kind.read_columns(path, [])


# Adding rows


@pytest.mark.slow
@EVERY
@quick
@given(frame=frames(min_size=1))
def test_appended_rows_stand_behind_the_old_ones(kind: Format, frame: pd.DataFrame, tmp_path: Path) -> None:
    path, both = tmp_path / "file", tmp_path / "both"
    full = pd.concat([frame, frame], ignore_index=True)
    kind.write(frame, path)
    kind.append(path, frame[list(reversed(frame.columns))])
    kind.write(full, both)
    pd.testing.assert_frame_equal(kind.read(path), kind.read(both))


@EVERY
def test_rows_with_other_columns_are_refused_and_change_nothing(kind: Format, tmp_path: Path) -> None:
    path = tmp_path / "file"
    kind.write(a_table(), path)
    before = path.read_bytes()
    with pytest.raises(StorageError, match="only one side has share"):
        kind.append(path, a_table().drop(columns="share"))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("name", ["parquet", "feather", "orc", "avro", "protobuf"])
def test_rows_of_other_types_are_refused_and_change_nothing(name: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    FORMATS[name].write(a_table(), path)
    before = path.read_bytes()
    with pytest.raises(StorageError):
        FORMATS[name].append(path, a_table().assign(number="many"))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["file"]


def days(unit: str, zone: str | None = None) -> pd.DataFrame:
    return pd.DataFrame({"day": pd.Series(pd.date_range("2020-01-01", periods=2, unit=unit, tz=zone))})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["parquet", "feather", "orc", "avro", "protobuf", "pickle"])
@pytest.mark.parametrize(("old", "new"), [("ms", "us"), ("us", "ms"), ("us", "ns"), ("ns", "us")])
def test_appended_timestamps_of_another_unit_keep_their_moment(name: str, old: str, new: str, tmp_path: Path) -> None:
    FORMATS[name].write(days(old), tmp_path / "file")
    FORMATS[name].append(tmp_path / "file", days(new))
    assert moments(FORMATS[name].read(tmp_path / "file")["day"]) == moments(pd.concat([days("ns")["day"]] * 2))


@pytest.mark.parametrize("name", ["parquet", "feather", "avro"])
def test_timestamps_are_never_rounded_in_silence(name: str, tmp_path: Path) -> None:
    FORMATS[name].write(days("us"), tmp_path / "file")
    before = (tmp_path / "file").read_bytes()
    with pytest.raises(StorageError, match=r"finer|lose data"):
        FORMATS[name].append(tmp_path / "file", days("ns") + pd.Timedelta(1, "ns"))
    assert (tmp_path / "file").read_bytes() == before


@pytest.mark.parametrize("name", ["parquet", "feather", "orc", "avro"])
@pytest.mark.parametrize(("old", "new"), [(None, "UTC"), ("UTC", None)])
def test_times_on_a_clock_are_not_taken_for_moments(name: str, old: str, new: str, tmp_path: Path) -> None:
    FORMATS[name].write(days("us", old), tmp_path / "file")
    with pytest.raises(StorageError, match="'day' has a timezone either in the file or in the rows"):
        FORMATS[name].append(tmp_path / "file", days("us", new))


@pytest.mark.parametrize("name", sorted(LOG_LIKE))
def test_log_like_formats_leave_the_old_bytes_alone(name: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    FORMATS[name].write(a_table(), path)
    before = path.read_bytes()
    FORMATS[name].append(path, a_table())
    assert path.read_bytes().startswith(before)


@pytest.mark.parametrize("name", sorted(LOG_LIKE))
def test_an_append_that_is_interrupted_is_taken_back(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    FORMATS[name].write(a_table(), path)
    before = path.read_bytes()

    @contextmanager
    def interrupted(target: Path) -> Iterator[object]:
        with files.extending(target) as file:
            yield file
            file.write(b"half a ro")
            file.flush()
            raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules[type(FORMATS[name])._append.__module__], "extending", interrupted)
    with pytest.raises(KeyboardInterrupt):
        FORMATS[name].append(path, a_table())
    assert path.read_bytes() == before


def test_rows_are_added_to_a_csv_whose_last_line_has_no_end(tmp_path: Path) -> None:
    path = tmp_path / "by_hand.csv"
    path.write_text("a,b\n1,2")
    FORMATS["csv"].append(path, pd.DataFrame({"a": [3], "b": [4]}))
    assert FORMATS["csv"].read(path)["b"].tolist() == [2, 4]


# What others wrote


def test_files_of_other_programs_are_read(tmp_path: Path) -> None:
    table = a_table().drop(columns=["when"])
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(table.to_csv(index=False).encode()))
    pd.testing.assert_frame_equal(FORMATS["csv"].read(tmp_path / "a.csv.gz"), table)
    table.to_parquet(tmp_path / "a.parquet", compression="snappy")
    pd.testing.assert_frame_equal(FORMATS["parquet"].read(tmp_path / "a.parquet"), table)
    table.to_pickle(tmp_path / "a.pkl")
    pd.testing.assert_frame_equal(FORMATS["pickle"].read(tmp_path / "a.pkl"), table)


def test_other_programs_read_ours(tmp_path: Path) -> None:
    table = a_table()
    readers = {"parquet": pd.read_parquet, "feather": pd.read_feather, "orc": pd.read_orc, "pickle": pd.read_pickle}
    for name, read in readers.items():
        FORMATS[name].write(table, tmp_path / name)
        pd.testing.assert_frame_equal(read(tmp_path / name), table, check_dtype=name != "orc")


@EVERY
def test_every_format_describes_itself(kind: Format) -> None:
    assert kind.extension.startswith(".")
    assert kind.layout in ("row", "column")
    assert kind.human_readable != kind.binary
    for words in (kind.used_by, kind.schema_evolution, kind.append_cost, kind.row_cost):
        assert len(words) > 20
    assert kind.using().label == kind.label
