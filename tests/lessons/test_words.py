"""Sentences with measured values: marked in both twins, and left out by the notebook comparison."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbval.plugin import get_sanitize_patterns

from mlops_lab.errors import InputError
from mlops_lab.lessons.card import Card, Picture, Table
from mlops_lab.lessons.words import as_html, as_text, fill, number

NBVAL = get_sanitize_patterns(Path(__file__).parents[1].joinpath("nbval.cfg").read_text(encoding="utf-8"))
plain = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co"), exclude_characters="{}`*[]‹›"))


class Words(HTMLParser):
    """Collect what a reader sees of some HTML."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.seen = ""
        self.feed(source)
        self.close()

    def handle_data(self, data: str) -> None:
        self.seen += data


def sanitized(output: str) -> str:
    for pattern, replacement in NBVAL:
        output = re.sub(pattern, replacement, output)
    return output


@pytest.mark.slow
@given(plain, plain)
def test_html_shows_what_was_written(words: str, value: str) -> None:
    sentence = fill(words + "{value}", value=value)
    assert Words(as_html(sentence)).seen == words + value
    assert as_text(sentence) == f"{words}‹{value}›"


def test_a_share_is_written_with_a_space_that_breaks_no_line() -> None:
    assert (
        as_text(fill("{share:.0%} of {count}, {plain}%", share=0.594, count=3, plain="x")) == "‹59\u00a0%› of ‹3›, ‹x›%"
    )


def test_code_bold_and_links() -> None:
    sentence = "Use `a < b`, **not** [this](03.ipynb)."
    assert as_html(sentence) == ('Use <code>a &lt; b</code>, <strong>not</strong> <a href="03.ipynb">this</a>.')
    assert as_text(sentence) == "Use `a < b`, not this (03.ipynb)."


def test_nothing_that_was_measured_is_taken_for_html() -> None:
    assert "<script>" not in as_html(fill("{name}", name="<script>alert(1)</script>"))


@pytest.mark.parametrize(
    ("sentence", "values", "problem"),
    [
        ("{ratio:.1f} times", {}, r"gap \{ratio\}"),
        ("{ratio:.1f} times", {"ratio": "six"}, "cannot be filled"),
        ("{ratio", {"ratio": 1}, "cannot be filled"),
        ("{} times", {"ratio": 1}, "gap"),
    ],
)
def test_a_sentence_that_cannot_be_filled_is_named(sentence: str, values: dict[str, object], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        fill(sentence, **values)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (np.int64(1234), "1,234"),
        (np.float64(0.012345), "0.0123"),
        (123.4, "123"),
        (-5_000.4, "-5,000"),
        (float("nan"), "–"),
        (np.bool_(False), "no"),
        ("csv", "csv"),
    ],
)
def test_numbers_have_three_digits_that_matter(value: object, written: str) -> None:
    assert number(value) == written


def test_the_notebook_comparison_leaves_out_measured_values_only() -> None:
    first = Card("say", [fill("Parquet needs {ratio:.1f} times less room.", ratio=6.5)])
    again = Card("say", [fill("Parquet needs {ratio:.1f} times less room.", ratio=12.25)])
    other = Card("say", [fill("Parquet needs {ratio:.1f} times more room.", ratio=6.5)])
    for twin in ("html", "text"):
        assert sanitized(getattr(first, twin)) == sanitized(getattr(again, twin))
        assert sanitized(getattr(first, twin)) != sanitized(getattr(other, twin))


def test_the_notebook_comparison_leaves_out_measured_tables_and_pictures_only() -> None:
    def table(cell: str, measured: bool, caption: str = "c") -> Card:
        return Card("table", [Table(["a", "b"], [[cell, "x"]], [True, False], caption, measured)])

    def picture(data: bytes, alt: str) -> Card:
        return Card("picture", [Picture(data, alt)])

    for twin in ("html", "text"):
        assert sanitized(getattr(table("1", True), twin)) == sanitized(getattr(table("1,000,000", True), twin))
        assert sanitized(getattr(table("1", False), twin)) != sanitized(getattr(table("2", False), twin))
        assert sanitized(getattr(table("1", True), twin)) != sanitized(getattr(table("1", True, "other"), twin))
        assert sanitized(getattr(picture(b"one", "alt"), twin)) == sanitized(getattr(picture(b"two", "alt"), twin))
        assert sanitized(getattr(picture(b"one", "alt"), twin)) != sanitized(getattr(picture(b"one", "other"), twin))


def test_a_percent_sign_stays_with_its_number():
    assert as_html("At least 95 % are right, `5 % 2` is code.") == (
        "At least 95\N{NO-BREAK SPACE}% are right, <code>5 % 2</code> is code."
    )
