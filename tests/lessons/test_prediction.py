"""Predictions: what counts as right, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_lab.errors import InputError
from mlops_lab.lessons.prediction import Prediction
from mlops_lab.lessons.words import as_text

SIZE = Prediction("size", "How many times smaller?", unit="times", within=0.25)
MONTH = Prediction("month", "Which month?", choices={"february": "February", "july": "July"})
positive = st.floats(1e-6, 1e6)


@given(positive, st.floats(-0.9, 0.9))
def test_a_number_counts_within_its_margin_and_not_beyond(measured: float, off: float) -> None:
    if not math.isclose(abs(off), SIZE.within, rel_tol=1e-6):
        assert SIZE.is_right(measured * (1 + off), measured) == (abs(off) < SIZE.within)


def test_a_choice_counts_when_it_is_the_same() -> None:
    assert MONTH.is_right("july", "july")
    assert not MONTH.is_right("february", "july")


@pytest.mark.parametrize("answer", [6, 6.5, "6", np.float64(6), np.int64(6)])
def test_numbers_are_read(answer: object) -> None:
    assert type(SIZE.read(answer)) is float


@pytest.mark.parametrize("answer", ["six", None, math.nan, math.inf, [6]])
def test_what_is_no_number_is_refused(answer: object) -> None:
    with pytest.raises(InputError, match=r"'size'.*give a number"):
        SIZE.read(answer)


def test_what_is_no_choice_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'july'"):
        MONTH.read("juli")


@pytest.mark.parametrize("confidence", [-1, 101, "very", None, math.nan])
def test_a_confidence_is_a_percentage(confidence: object) -> None:
    with pytest.raises(InputError, match="from 0 to 100"):
        SIZE.read_confidence(confidence)


def test_guessing_is_where_the_slider_begins() -> None:
    assert (MONTH.guess_percent, SIZE.guess_percent) == (50, 0)


@pytest.mark.parametrize(
    ("answer", "in_time", "says"),
    [
        (6.0, True, "Measured: ‹6.5 times›. You predicted ‹6 times›, ‹80› % sure: right."),
        (2.0, True, "Measured: ‹6.5 times›. You predicted ‹2 times›, ‹80› % sure: not this time."),
        (6.0, False, "Measured: ‹6.5 times›. You answered ‹6 times› after the measurement, so it does not count."),
        (None, False, "Measured: ‹6.5 times›. You made no prediction."),
    ],
)
def test_the_prediction_stands_beside_the_measured_value(answer: float | None, in_time: bool, says: str) -> None:
    assert as_text(SIZE.compare(6.5, answer, 80, in_time)) == says
