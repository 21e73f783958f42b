"""Lesson 03: every solution passes, every known wrong answer is refused with its own reason."""

from pathlib import Path

import fastavro
import pandas as pd
import pytest

from mlops_lab import storage
from mlops_lab.lessons.exercise import State, examine
from mlops_lab.lessons.outline import load, pick
from mlops_lab.lessons.quiz import Numeric, Order
from mlops_lab.storage import model_files
from mlops_lab.storage.ratios import Ratio

LESSON = load("03_storage_formats")
ANSWERS = {
    "choose": "choice",
    "noise": "decision",
    "archive": "read_archive",
    "pack": "pack",
    "stranger": "open_safely",
}
ZSTD, SNAPPY = [101, 97, 112, 99, 104, 98], [105, 99, 110, 103, 101, 107]


@pytest.fixture(scope="module")
def given():
    """What the notebook hands over, measured on a small table."""
    table = pd.DataFrame({"a": range(500), "b": 1.5, "c": "UA", "d": range(500)})
    measured = storage.benchmark(table, tasks=["bytes", "columns", "append"], repeats=1, progress=False)
    return {"choose": {"measured": measured}, "noise": {"zstd": ZSTD, "snappy": SNAPPY}}


def answered(name, code):
    names = {"Path": Path, "Ratio": Ratio, "fastavro": fastavro, "model_files": model_files, "pd": pd}
    names |= {"snappy": SNAPPY, "storage": storage, "zstd": ZSTD}
    exec(code, names)
    return names[ANSWERS[name]]


def verdict(name, answer, given):
    return examine(pick(LESSON.exercises, name, "exercise"), answer, given.get(name))


@pytest.mark.parametrize("exercise", LESSON.exercises, ids=lambda exercise: exercise.name)
def test_untouched_is_not_attempted_and_solved_is_correct(exercise, given):
    assert verdict(exercise.name, answered(exercise.name, exercise.start), given).state is State.NOT_ATTEMPTED
    solved = verdict(exercise.name, answered(exercise.name, exercise.solution), given)
    assert solved.state is State.CORRECT, solved.because


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "idea"), [(exercise.name, idea) for exercise in LESSON.exercises for idea in exercise.wrong]
)
def test_each_wrong_idea_is_refused_with_its_own_reason(name, idea, given):
    wrong = pick(LESSON.exercises, name, "exercise").wrong[idea]
    refused = verdict(name, answered(name, wrong.code), given)
    assert (refused.state, refused.idea) == (State.NOT_YET, idea), refused.because


@pytest.mark.parametrize(
    ("name", "answer"),
    [
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
    ],
)
def test_other_answers_get_a_reason_too(name, answer, given):
    refused = verdict(name, answer, given)
    assert refused.state is State.NOT_YET
    assert len(refused.because) > 20


def test_measurements_that_were_not_handed_over_are_asked_for():
    solution = answered("choose", pick(LESSON.exercises, "choose", "exercise").solution)
    assert "measured=eight" in verdict("choose", solution, {}).because


def test_more_than_one_choice_fits(given):
    other = {"train": "orc", "events": "protobuf", "calls": "avro", "accountant": "csv", "cache": "feather"}
    assert verdict("choose", other, given).state is State.CORRECT


@pytest.mark.slow
def test_the_quiz_rests_on_what_is_measured():
    flights = pd.read_parquet(Path(__file__).parents[3] / "data" / "flights.parquet").head(5000)
    measured = storage.benchmark(flights, ["csv", "json", "parquet", "pickle"], ["bytes"], repeats=1, progress=False)
    sizes = measured.frame.set_index("format")["median"].sort_values()
    question = pick(LESSON.quiz, "sizes", "question")
    assert isinstance(question, Order)
    assert [question.choices["abcd".index(letter)].text.lower() for letter in question.right] == list(sizes.index)


def test_no_near_miss_is_accepted():
    for question in LESSON.quiz:
        if isinstance(question, Numeric):
            assert question.mark(question.right).right
            assert not any(question.mark(near.value).right for near in question.near)
