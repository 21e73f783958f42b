"""The page of wrong ideas names only questions, exercises and wrong answers that exist."""

from __future__ import annotations

import re
from pathlib import Path

from mlops_lab.lessons.ideas import five_ideas
from mlops_lab.lessons.outline import load

PAGE = Path(__file__).parents[1] / "docs/misconceptions.md"
NAME = re.compile(r"`(\d\d_\w+)/(\w+)(?::(\w+))?`")


def cited() -> list[tuple[str, str, str]]:
    """Return lesson, part and wrong idea of each name on the page."""
    return NAME.findall(PAGE.read_text(encoding="utf-8"))


def test_every_name_on_the_page_exists() -> None:
    assert len(cited()) > 30
    for lesson, part, idea in cited():
        outline = load(lesson)
        exercises = {exercise.name: exercise for exercise in outline.exercises}
        asked = {each.name for each in (*outline.predictions, *outline.asked_again, *outline.quiz)}
        assert part in asked | set(exercises), f"{lesson}/{part}"
        assert not idea or idea in exercises[part].wrong, f"{lesson}/{part}:{idea}"


def test_each_of_the_five_ideas_is_measured_before_and_after() -> None:
    names = {(lesson, part) for lesson, part, _idea in cited()}
    for asked in five_ideas():
        assert {("00_start_here", asked.name), ("22_slices", asked.name)} <= names
