"""The five questions: the same before and after, compared only where both are there, and counted for a class."""

import json

import pytest

from mlops_lab.errors import InputError
from mlops_lab.lessons.ideas import FIRST, LAST, after, before, five_ideas, gain_card, of_class, short_names
from mlops_lab.lessons.lesson import Lesson
from mlops_lab.lessons.outline import load
from mlops_lab.lessons.progress import Progress, empty

NAMES = [asked.name for asked in five_ideas()]


@pytest.fixture
def store(tmp_path):
    return Progress(tmp_path)


def answer(store, lesson, name, value, sure):
    Lesson(load(lesson), store).predict(name, value, sure)


def test_the_first_lesson_asks_and_the_last_measures():
    assert [asked.name for asked in load(FIRST).asked_again] == NAMES
    assert not set(NAMES) & {asked.name for asked in load(FIRST).predictions}
    assert [asked for asked in load(LAST).predictions if asked.name in NAMES] == list(load(FIRST).asked_again)
    assert list(short_names()) == NAMES


def test_both_times_stand_side_by_side(store, capsys):
    answer(store, FIRST, "idea_noise", "few", 80)
    answer(store, LAST, "idea_noise", "many", 90)
    here = Lesson(load(LAST), store)
    here.compare("idea_noise", "many")
    capsys.readouterr()
    here.gain()
    told = capsys.readouterr().out
    assert "✗ fewer than 2" in told
    assert "✓ more than 5" in told
    assert "Before: ‹0› of ‹1› right, ‹80› % sure" in told
    assert "Now: ‹1› of ‹1› right, ‹90› % sure" in told


def test_it_says_what_is_missing(store):
    assert "Nothing was measured yet" in gain_card(empty()).text
    Lesson(load(LAST), store).compare("idea_noise", "many")
    told = gain_card(store.read()).text
    assert "You did not answer these questions in lesson 00" in told
    assert "You did not answer them in this lesson" in told


def test_an_answer_after_the_measurement_does_not_count(store):
    Lesson(load(LAST), store).compare("idea_noise", "many")
    answer(store, LAST, "idea_noise", "many", 100)
    assert after(store.read(), "idea_noise") is None


def test_the_first_hour_counts_and_no_later_one():
    given = [
        {"answer": "few", "confidence": 50.0, "at": "2026-05-01T09:00:00.000+00:00"},
        {"answer": "some", "confidence": 60.0, "at": "2026-05-01T09:20:00.000+00:00"},
        {"answer": "many", "confidence": 99.0, "at": "2026-06-01T09:00:00.000+00:00"},
    ]
    record = {"version": 1, "lessons": {FIRST: {"predictions": {"idea_noise": {"given": given}}}}}
    assert before(record, "idea_noise") == ("some", 60.0)


def test_a_class_is_counted_from_its_files(store, tmp_path):
    answer(store, FIRST, "idea_proxy", "none", 70)
    answer(store, LAST, "idea_proxy", "most", 80)
    Lesson(load(LAST), store).compare("idea_proxy", "most")
    other = tmp_path / "other.json"
    other.write_text(json.dumps(empty()), encoding="utf-8")
    table = of_class([store.path, other]).set_index("idea")
    assert table.loc["idea_proxy", ["learners", "right_before", "right_after"]].tolist() == [1, 0, 1]
    assert table.loc["idea_proxy", ["sure_before", "sure_after"]].tolist() == [70, 80]
    assert table.loc["idea_noise", "learners"] == 0


@pytest.mark.parametrize("content", ["", "[]", '{"version": 1}'])
def test_a_file_that_is_no_record_is_named(tmp_path, content):
    path = tmp_path / "strange.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"strange\.json"):
        of_class([path])
