"""Lessons are found by name, and a wrong name is answered with the nearest."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_lab.errors import InputError
from mlops_lab.lessons.dial import Dial
from mlops_lab.lessons.outline import Outline, find, load, names, pick
from mlops_lab.lessons.prediction import Prediction


@pytest.fixture
def content(tmp_path: Path) -> Path:
    for name in ("00_start_here", "03_storage_formats"):
        text = f"from mlops_lab.lessons.outline import Outline\nLESSON = Outline({name!r}, '?', 5, [], [])\n"
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "storage_judges.py").write_text("raise AssertionError('this is no lesson')")
    return tmp_path


@pytest.mark.parametrize("name", ["storage_formats", "03_storage_formats", "03", "03_storage_formats.ipynb"])
def test_a_lesson_is_found_by_its_name(content: Path, name: str) -> None:
    assert find(name, content) == "03_storage_formats"
    assert load(name, content).notebook == "03_storage_formats.ipynb"


@pytest.mark.parametrize("name", ["storage_format", "Storage-Formats", "3_storage_formats"])
def test_a_wrong_name_is_answered_with_the_nearest(content: Path, name: str) -> None:
    with pytest.raises(InputError, match="nearest are: 03_storage_formats"):
        find(name, content)


def test_a_name_like_no_other_is_answered_with_all(content: Path) -> None:
    with pytest.raises(InputError, match="00_start_here, 03_storage_formats"):
        find("zzz", content)


def test_only_numbered_files_are_lessons(content: Path) -> None:
    assert names(content) == ["00_start_here", "03_storage_formats"]


def test_a_part_is_found_by_its_name() -> None:
    parts = [Prediction("size", "?"), Prediction("speed", "?")]
    assert pick(parts, "size", "prediction") is parts[0]
    with pytest.raises(InputError, match="no prediction 'sizes'; the nearest are: size"):
        pick(parts, "sizes", "prediction")
    with pytest.raises(InputError, match="no dial 'x'; there are: none"):
        pick([], "x", "dial")


def test_an_outline_with_a_mistake_is_refused() -> None:
    with pytest.raises(InputError, match="not on the map"):
        Outline("T", "?", 1, [], [], layer="cellar")
    with pytest.raises(InputError, match="same name"):
        Outline("T", "?", 1, [], [], predictions=[Prediction("a", "?"), Prediction("a", "?")])


@pytest.mark.parametrize("value", [0, 10, 2.5, True, "3"])
def test_a_dial_stays_in_its_range(value: object) -> None:
    dial = Dial("side", "Side", 1, 9, 3, lambda side: {"area": side**2}, "{value}: {area}")
    with pytest.raises(InputError, match="from 1 to 9"):
        dial.sentence(value)  # type: ignore[arg-type]
