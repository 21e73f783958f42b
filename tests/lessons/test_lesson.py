"""What a learner meets, in a terminal: the widgets put the same functions behind buttons."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mlops_lab.errors import InputError
from mlops_lab.lessons import lesson
from mlops_lab.lessons.exercise import State
from mlops_lab.lessons.lesson import Lesson
from mlops_lab.lessons.outline import Outline
from mlops_lab.lessons.progress import Progress

Told = Callable[[], str]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Return what returns what was said since the last call."""
    return lambda: capsys.readouterr().out


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the time go on by a minute each time that it is asked for."""
    minutes = count()
    moment = lambda: f"2026-05-01T09:{next(minutes):02d}:00.000+00:00"  # noqa: E731
    monkeypatch.setattr(sys.modules["mlops_lab.lessons.lesson"], "now", moment)


def stored(here: Lesson) -> dict[str, Any]:
    return here._record()


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="00_start_here"):
        lesson("start_hero")


def test_the_first_screen_has_title_question_minutes_and_needs(here: Lesson) -> None:
    assert repr(here).split("\n\n") == ["A lesson", "Why?", "5 minutes", "Needs nothing before."]
    assert "<strong>A lesson</strong>" in here._repr_mimebundle_()["text/html"]


def test_a_prediction_is_kept_with_its_confidence_and_compared(here: Lesson, told: Told) -> None:
    here.predict("size")
    assert 'here.predict("size", 1, 50)' in told()
    here.predict("size", 6, 80)
    here.compare("size", 6.5)
    assert "You predicted ‹6 MB›, ‹80› % sure: right" in told()
    part = stored(here)["predictions"]["size"]
    assert (part["given"][0]["answer"], part["given"][0]["confidence"]) == (6.0, 80.0)
    assert (part["measured"], part["right"]) == (6.5, True)
    here.points()
    assert "‹1› was right" in told()


def test_without_a_prediction_the_measurement_is_told_all_the_same(here: Lesson, told: Told) -> None:
    here.compare("size", 6.5)
    assert "Measured: ‹6.5 MB›. You made no prediction." in told()
    assert stored(here)["predictions"]["size"]["right"] is None


def test_a_prediction_after_the_measurement_does_not_count(here: Lesson, told: Told) -> None:
    here.compare("size", 6.5)
    here.predict("size", 6.5, 100)
    here.compare("size", 6.5)
    assert "after the measurement, so it does not count" in told()
    assert stored(here)["predictions"]["size"]["right"] is None
    here.points()
    assert "No prediction of yours can be counted yet" in told()


def test_a_prediction_made_in_time_is_not_spoilt_by_a_later_one(here: Lesson, told: Told) -> None:
    here.predict("size", 2, 90)
    here.compare("size", 6.5)
    here.predict("size", 6.5, 100)
    here.compare("size", 6.5)
    assert "You predicted ‹2 MB›, ‹90› % sure: not this time" in told().splitlines()[-2]


def test_the_four_states_are_told_and_kept(here: Lesson, told: Told) -> None:
    for answer, says in [
        (..., "○ Not attempted:"),
        (1, "✗ Not yet, because: More."),
        (7, "✗ Not yet, because: Another one."),
        (2, "✓ Correct, because: Two it is."),
    ]:
        here.check("two", answer)
        assert says in told()
    attempts = stored(here)["exercises"]["two"]["attempts"]
    assert [(entry["state"], entry["idea"]) for entry in attempts] == [
        ("not yet", "too_small"),
        ("not yet", ""),
        ("correct", ""),
    ]


def test_the_verdict_of_this_session_can_be_asked_for(here: Lesson) -> None:
    assert here.verdict("two") is None
    here.check("two", 2)
    verdict = here.verdict("two")
    assert verdict is not None
    assert verdict.state is State.CORRECT


def test_hints_come_one_by_one_and_are_remembered(here: Lesson, open_lesson: Callable[[], Lesson], told: Told) -> None:
    here.hint("two")
    assert "Think." in (first := told())
    assert "Count." not in first
    open_lesson().hint("two")
    assert "Count." in told()
    for _ in range(3):
        here.hint("two")
    assert "One and one." in told()
    assert stored(here)["exercises"]["two"]["hints"] == 3


def test_the_solution_is_shown_after_an_attempt_only(here: Lesson, told: Told) -> None:
    here.solution("two")
    here.check("two", ...)
    here.solution("two")
    assert "answer = 2" not in told()
    here.check("two", 1)
    here.solution("two")
    assert "answer = 2" in told()
    assert stored(here)["exercises"]["two"]["solution_at"]


def test_the_quiz_is_asked_and_answered(here: Lesson, told: Told) -> None:
    here.quiz()
    assert "`b`: 7" in told()
    here.quiz("days", "a")
    assert "✗ Not this one: Working days." in told()
    here.quiz("days", "b")
    here.quiz("half", 2.05)
    assert told().count("✓ Right: Yes.") == 2
    assert [entry["right"] for entry in stored(here)["quiz"]["days"]["answers"]] == [False, True]
    with pytest.raises(InputError, match="which question"):
        here.quiz(answer="a")


def test_a_dial_tells_what_it_computes(here: Lesson, told: Told) -> None:
    here.dial("side")
    here.dial("side", 4)
    assert "gives ‹9›" in (said := told())
    assert "gives ‹16›" in said


def test_progress_and_summary_tell_what_was_done(here: Lesson, told: Told) -> None:
    assert here.progress.text.count("○") == 5
    here.check("two", 7)
    here.quiz("days", "a")
    here.predict("coin", "heads", 60)
    assert "✗ not yet" in here.progress.text
    assert "✗ not this one" in here.progress.text
    here.check("two", 2)
    here.check("two", 1)
    assert "✓ correct" in here.progress.text, "what was solved once stays solved"
    here.summary()
    assert "solved ‹1› of ‹1› exercises and answered ‹0› of ‹2›" in told()


def test_figures_and_tables_have_a_text_twin(here: Lesson, told: Told) -> None:
    import matplotlib.pyplot as plt

    figure, _axes = plt.subplots()
    here.picture(figure, "A curve that rises to {top:.1f}.", top=2.0)
    here.show([{"format": "csv", "MB": 34.2}], "Sizes")
    assert "A curve that rises to ‹2.0›." in (said := told())
    assert "Sizes\n‹format    MB" in said


def test_long_work_tells_what_is_done(here: Lesson, told: Told) -> None:
    advance = here.bar("Measuring")
    advance(1, 2, "csv")
    assert "Measuring" in told()


@pytest.mark.parametrize("method", ["predict", "compare", "check", "hint", "solution", "quiz", "dial"])
def test_a_name_that_does_not_exist_is_answered_with_the_nearest(here: Lesson, method: str) -> None:
    needs_value = {"compare": [1], "check": [1]}.get(method, [])
    with pytest.raises(InputError, match="nope"):
        getattr(here, method)("nope", *needs_value)


def test_a_workspace_that_cannot_be_written_is_said_once(outline: Outline, tmp_path: Path, told: Told) -> None:
    (tmp_path / "file").write_text("")
    here = Lesson(outline, Progress(tmp_path / "file" / "home"))
    here.check("two", 1)
    assert "cannot be saved" in told()
    here.check("two", 2)
    assert "cannot be saved" not in told()
    assert "✓ correct" in here.progress.text
