"""The outcomes are measured: each is held here against what the format's own rules promise."""

import pytest

from mlops_lab.errors import InputError
from mlops_lab.storage import schema_change
from mlops_lab.storage.schema_change import CHANGES, OLD, OUTCOMES, WAYS, measure


@pytest.fixture(scope="module")
def old_reader():
    return measure("old").set_index(["format", "reads", "change"])["outcome"]


@pytest.fixture(scope="module")
def new_reader():
    return measure("new").set_index(["format", "reads", "change"])["outcome"]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.format} {way.reads}")
def test_without_a_change_every_way_reads_what_was_written(way, tmp_path):
    assert schema_change._try(way, OLD, OLD.fields, tmp_path / "flights")[0] == "reads on"


def test_every_way_meets_every_change(old_reader):
    assert len(old_reader) == len(WAYS) * len(CHANGES)
    assert set(old_reader) <= set(OUTCOMES)


def test_a_new_column_harms_only_the_reader_that_counts_columns(old_reader):
    added = old_reader.xs("add a column", level="change")
    assert added["csv", "by position"] == "wrong values silently"
    assert set(added.drop(("csv", "by position"))) == {"reads on"}


def test_a_rename_is_harmless_on_the_wire_of_protobuf_and_refused_by_avro(old_reader):
    renamed = old_reader.xs("rename a field", level="change")
    assert renamed["protobuf", "by field number"] == "reads on"
    assert renamed["avro", "by the reader's schema"] == "refuses"
    assert renamed["parquet", "by name and type"] == "reads on, column lost silently"


def test_a_changed_type_is_refused_by_avro_and_dropped_by_protobuf(old_reader):
    changed = old_reader.xs("change a type", level="change")
    assert changed["avro", "by the reader's schema"] == "refuses"
    assert changed["protobuf", "by field number"] == "reads on, column lost silently"
    assert changed["pickle", "by name"] == "reads on, other type silently"


def test_an_outgrown_number_wraps_around_silently_in_protobuf(old_reader):
    assert old_reader["protobuf", "by field number", "outgrow a type"] == "wrong values silently"
    assert old_reader["avro", "by the reader's schema", "outgrow a type"] == "refuses"


def test_avro_reads_every_old_file_with_the_new_schema(new_reader):
    assert set(new_reader.xs("avro", level="format")) == {"reads on"}


def test_the_words_are_the_librarys_own():
    table = measure(formats=["avro"]).set_index("change")
    assert "double is not int" in table.loc["change a type", "words"]
    assert table.loc["add a column", "words"] == "flight=1545, air_time=227, carrier='UA'"


@pytest.mark.parametrize(
    ("got", "outcome"),
    [
        ({"flight": [1545, 1714, 1141]}, "reads on"),
        ({"flight": [1545.0, 1714.0, 1141.0]}, "reads on, other type silently"),
        ({"flight": [None, None, None]}, "reads on, column lost silently"),
        ({"flight": [1545, None, 1141]}, "wrong values silently"),
        ({"flight": [1545, 1714, 1]}, "wrong values silently"),
    ],
)
def test_the_outcome_follows_from_what_came_back(got, outcome):
    assert schema_change._outcome(got, OLD.fields[:1], OLD) == outcome


def test_the_worst_column_decides():
    got = {"flight": [1545, 1714, 1141], "air_time": [None, None, None], "carrier": ["UA", "AA", "UA"]}
    assert schema_change._outcome(got, OLD.fields, OLD) == "wrong values silently"


def test_long_messages_are_shortened_to_one_line():
    words = schema_change._words(ValueError("a " * 100 + "\nsecond line"))
    assert len(words) <= 90
    assert words.endswith("…")


def test_wrong_names_get_one_sentence():
    with pytest.raises(InputError, match="Did you mean 'parquet'"):
        measure(formats=["parket"])
    with pytest.raises(InputError, match="'old' or 'new'"):
        measure("newer")
