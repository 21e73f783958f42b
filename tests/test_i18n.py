"""Translations reach the learner: everything that the machine says comes back in another language."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from mlops_lab import i18n
from mlops_lab.lessons import Lesson, lesson, overview
from mlops_lab.lessons.card import Card, Heading, Items
from mlops_lab.lessons.messages import in_notebook, in_package, template
from mlops_lab.lessons.outline import load, names

pytestmark = pytest.mark.slow

NOTEBOOKS = sorted(Path(__file__).parents[1].joinpath("notebooks").glob("*.ipynb"))


def wrapped(sentence: str) -> str:
    return f"⟦{sentence}⟧"


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Speak a language in which every message is itself in ⟦double brackets⟧."""
    catalog = Catalog(locale="de")
    messages = in_package()
    for path in NOTEBOOKS:
        messages.update(in_notebook(path))
    for message in messages:
        key: Any = message if len(message) == 2 else message[0]
        catalog.add(key, tuple(map(wrapped, message)) if len(message) == 2 else wrapped(message[0]))
    folder = tmp_path / "locale" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "mlops_lab.mo").open("wb") as file:
        write_mo(file, catalog)
    monkeypatch.setattr(i18n, "LOCALE_DIRECTORY", tmp_path / "locale")
    monkeypatch.setenv("MLOPS_LAB_LANGUAGE", "de")
    i18n.translation.cache_clear()
    yield
    i18n.translation.cache_clear()


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> list[Card]:
    """Collect the cards that are shown."""
    shown: list[Card] = []
    monkeypatch.setattr(Lesson, "_show", lambda here, card, widget=None: shown.append(card))
    return shown


def untranslated(card: Card) -> list[str]:
    """Return the paragraphs and list entries that are not wholly inside brackets."""
    sentences: list[str] = []
    for block in card.blocks:
        if isinstance(block, str):
            sentences.append(block)
        elif isinstance(block, Heading):
            sentences.append(block.words)
        elif isinstance(block, Items):
            sentences += [re.sub(r"^`\w+`: ", "", entry) for entry in block.entries]
    return [sentence for sentence in sentences if not re.fullmatch(r"\W*⟦.*⟧\W*", sentence, re.DOTALL)]


@pytest.mark.usefixtures("foreign")
@pytest.mark.parametrize("name", names())
def test_all_that_a_lesson_asks_is_translated(name: str, cards: list[Card]) -> None:
    outline, here = load(name), lesson(name)
    cards.append(overview.first_screen(outline))
    for asked in outline.predictions:
        here.predict(asked.name)
        answer = next(iter(asked.choices), asked.start)
        here.predict(asked.name, answer, 60)
        here.compare(asked.name, answer)
    for exercise in outline.exercises:
        here.check(exercise.name, ...)
        here.check(exercise.name, None)
        for _ in exercise.hints:
            here.hint(exercise.name)
        cards.append(Card("known", [entry.because for entry in exercise.wrong.values()]))
    here.quiz()
    for question in outline.quiz:
        answers: Any = "abcdefgh"[: len(question.choices)] if hasattr(question, "choices") else [-1e9, 1e9]
        for answer in answers:
            here.quiz(question.name, answer)
    for dial in outline.dials:
        here.dial(dial.name)
    here.points()
    here.map()
    here.summary()
    assert len(cards) > 5
    assert [sentence for card in cards for sentence in untranslated(card)] == []


@pytest.mark.usefixtures("foreign")
def test_verdicts_and_their_gaps_are_translated(cards: list[Card]) -> None:
    here = lesson("start_here")
    for answer in (lambda minutes: minutes > 15, lambda minutes: "late", lambda minutes: minutes.late):
        here.check("is_late", answer)
    said = [str(card.blocks[0]) for card in cards]
    assert [untranslated(card) for card in cards] == [[], [], []]
    assert "✓" in said[0]
    assert "'late'" in said[1], "the gap is still filled"
    assert "AttributeError" in said[2]


@pytest.mark.usefixtures("foreign")
def test_what_a_notebook_says_is_translated(cards: list[Card]) -> None:
    lesson("start_here").say("{share:.0%} arrived late.", share=0.25)
    assert cards[0].text == "⟦‹25\xa0%› arrived late.⟧"


def test_english_needs_no_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_LAB_LANGUAGE", "en")
    assert i18n.gettext("correct") == "correct"


@pytest.mark.usefixtures("foreign")
def test_the_empty_message_stays_empty() -> None:
    assert i18n.gettext("") == ""
    assert i18n.ngettext("{count} minute", "{count} minutes", 1) == "⟦{count} minute⟧"


def test_the_template_is_read_by_babel() -> None:
    messages = in_package()
    catalog = read_po(io.BytesIO(template(messages).encode()))
    assert {message.id for message in catalog if message.id} == {
        message if len(message) == 2 else message[0] for message in messages
    }


def test_no_message_is_glued_or_formatted_before_it_is_translated() -> None:
    """An f-string, a sum or a `.format` inside `_(…)` could never be found in a catalogue."""
    package = Path(i18n.__file__).parent
    for path in package.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"""\b_\(\s*(rf|fr|f)["']""", text), path
        assert not re.search(r"""\b_\(\s*"[^"\n]*"\s*[+%.]""", text), path
