"""Lesson 03: answers beside those that are tried in every lesson."""

from pathlib import Path

import fastavro
import pandas as pd
import pytest

from mlops_lab import storage
from mlops_lab.lessons.exercise import State, examine
from mlops_lab.lessons.outline import pick
from mlops_lab.lessons.quiz import Order
from mlops_lab.storage import model_files
from mlops_lab.storage.ratios import Ratio
from tests.lessons.content.judged import Judged

ZSTD, SNAPPY = [101, 97, 112, 99, 104, 98], [105, 99, 110, 103, 101, 107]


def handed():
    """What the notebook hands over, measured on a small table."""
    table = pd.DataFrame({"a": range(500), "b": 1.5, "c": "UA", "d": range(500)})
    measured = storage.benchmark(table, tasks=["bytes", "columns", "append"], repeats=1, progress=False)
    given = {"choose": {"measured": measured}, "noise": {"zstd": ZSTD, "snappy": SNAPPY}}
    names = {"Path": Path, "Ratio": Ratio, "fastavro": fastavro, "model_files": model_files, "storage": storage}
    return given, names


JUDGED = Judged(
    "03_storage_formats",
    {
        "choose": "choice",
        "noise": "decision",
        "archive": "read_archive",
        "pack": "pack",
        "stranger": "open_safely",
    },
    handed,
)

OTHER = [  # answers that have no name, and get a reason too
    ("choose", "parquet"),
    ("choose", {"train": "parquet"}),
    ("choose", dict.fromkeys(["train", "events", "calls", "accountant", "cache"], "parket")),
    ("choose", dict.fromkeys(["train", "events", "calls", "accountant", "cache"], 3)),
    ("choose", {"train": "avro", "events": "avro", "calls": "avro", "accountant": "csv", "cache": "pickle"}),
    ("choose", {"train": "orc", "events": "pickle", "calls": "avro", "accountant": "csv", "cache": "pickle"}),
    ("choose", {"train": "orc", "events": "avro", "calls": "avro", "accountant": "csv", "cache": "protobuf"}),
    ("noise", {"faster": "can't tell"}),
    ("noise", {"faster": "can't tell", "low": "small", "high": 2}),
    ("noise", {"faster": "can't tell", "low": 0.5, "high": 2}),
    ("noise", {"faster": "perhaps", "low": 0.9709, "high": 1.0918}),
    ("archive", "a path"),
    ("archive", lambda path: [1, 2, 3]),
    ("archive", lambda path: pd.DataFrame({"airline": ["AS", "WN", "DL"]})),
    ("pack", 3),
    ("pack", lambda folder, path: len(str(path))),
    ("pack", lambda folder, path: Path(path).write_bytes(b"PK not a table")),
    ("pack", lambda folder, path: pd.DataFrame({"text": ["a"]}).to_parquet(path)),
    ("stranger", model_files),
    ("stranger", lambda path: str(path)),
]


def test_measurements_that_were_not_handed_over_are_asked_for():
    assert "measured=eight" in examine(JUDGED.exercise("choose"), JUDGED.solved("choose"), {}).because


def test_more_than_one_choice_fits():
    other = {"train": "orc", "events": "protobuf", "calls": "avro", "accountant": "csv", "cache": "feather"}
    assert JUDGED.verdict("choose", other).state is State.CORRECT


@pytest.mark.slow
def test_the_quiz_rests_on_what_is_measured():
    flights = pd.read_parquet(Path(__file__).parents[3] / "data" / "flights.parquet").head(5000)
    measured = storage.benchmark(flights, ["csv", "json", "parquet", "pickle"], ["bytes"], repeats=1, progress=False)
    sizes = measured.frame.set_index("format")["median"].sort_values()
    question = pick(JUDGED.outline.quiz, "sizes", "question")
    assert isinstance(question, Order)
    assert [question.choices["abcd".index(letter)].text.lower() for letter in question.right] == list(sizes.index)
