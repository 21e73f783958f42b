"""A small lesson to test the machine with, apart from the real ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mlops_lab.lessons.dial import Dial
from mlops_lab.lessons.exercise import Exercise, Verdict, Wrong, correct, not_yet, wrong
from mlops_lab.lessons.lesson import Lesson
from mlops_lab.lessons.outline import Outline
from mlops_lab.lessons.prediction import Prediction
from mlops_lab.lessons.progress import Progress
from mlops_lab.lessons.quiz import Choice, Numeric, Single


def judge_two(answer: Any, given: SimpleNamespace) -> Verdict:
    if answer == 1:
        return wrong("too_small")
    return correct("Two it is.") if answer == 2 else not_yet("Another one.")


@pytest.fixture
def outline() -> Outline:
    reasons = {
        "too_small": Wrong("answer = 1", "More."),
        "too_large": Wrong("answer = 3", "Less."),
        "as_text": Wrong("answer = '2'", "Not as text."),
    }
    hints = ["Think.", "Count.", "One and one."]
    return Outline(
        "A lesson",
        "Why?",
        5,
        [],
        ["S1"],
        predictions=[
            Prediction("size", "How large?", unit="MB"),
            Prediction("coin", "?", {"heads": "H", "tails": "T"}),
        ],
        exercises=[Exercise("two", "Say two.", "answer = ...", "answer = 2", judge_two, hints, reasons)],
        quiz=[
            Single("days", "Days?", [Choice("5", "Working days."), Choice("7", "Yes.", right=True)]),
            Numeric("half", "Half of 4?", 2, 0.1, "", "Yes."),
        ],
        dials=[Dial("side", "Side", 1, 9, 3, lambda side: {"area": side**2}, "A side of {value} gives {area}.")],
        name="90_test",
    )


@pytest.fixture
def open_lesson(outline: Outline, tmp_path: Path) -> Callable[[], Lesson]:
    """Return what opens the lesson in a fresh session of the same learner."""
    return lambda: Lesson(outline, Progress(tmp_path / "workspace"))


@pytest.fixture
def here(open_lesson: Callable[[], Lesson]) -> Lesson:
    return open_lesson()
