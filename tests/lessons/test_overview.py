"""The map of lesson 00: layers from the top, and a way to every lesson."""

from __future__ import annotations

from mlops_lab.lessons.outline import load, names
from mlops_lab.lessons.overview import map_card


def test_the_map_lies_as_it_is_told() -> None:
    text = map_card().text
    places = [text.index(word) for word in ("Development", "ML platform", "Resource", "Storage and", "Evaluation")]
    assert places == sorted(places)


def test_the_map_leads_to_every_lesson_but_the_first() -> None:
    text = map_card().text
    assert [name for name in names()[1:] if load(name).notebook not in text] == []
    assert load(names()[0]).notebook not in text
