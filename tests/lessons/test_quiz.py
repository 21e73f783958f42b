"""Quiz questions: every wrong choice is told why."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_lab.errors import InputError
from mlops_lab.lessons.quiz import Choice, Multiple, Near, Numeric, Order, Single

SINGLE = Single("s", "?", [Choice("A", "not A"), Choice("B", "yes B", right=True), Choice("C", "not C")])
MULTIPLE = Multiple("m", "?", [Choice("A", "a", True), Choice("B", "not B"), Choice("C", "c", True)], because="all")
NUMERIC = Numeric("n", "?", right=14, tolerance=0.5, unit="flips", because="yes", near=[Near(6, "those fail")])
ORDER = Order("o", "?", [Choice("A", "not A"), Choice("B", "not B"), Choice("C", "not C")], right="bca", because="yes")


def test_single() -> None:
    assert [SINGLE.mark(letter).because for letter in "abc"] == ["not A", "yes B", "not C"]
    assert [SINGLE.mark(letter).right for letter in "aBc"] == [False, True, False]


def test_multiple_is_right_for_exactly_the_right_set() -> None:
    answers = {"a": "missing", "ab": "not B", "abc": "not B", "b": "not B", "c": "missing", "ca": "all", "c, a": "all"}
    for answer, because in answers.items():
        assert because in MULTIPLE.mark(answer).because
        assert MULTIPLE.mark(answer).right == (because == "all")
    assert MULTIPLE.mark(["a", "c"]).right


@given(st.floats(-1e6, 1e6))
def test_numeric_is_right_within_its_tolerance(value: float) -> None:
    mark = NUMERIC.mark(value)
    assert mark.right == (abs(value - 14) <= 0.5)
    assert mark.right or mark.because == ("those fail" if abs(value - 6) <= 0.5 else mark.because)


def test_numeric_says_on_which_side() -> None:
    assert "much" in NUMERIC.mark(20).because
    assert "little" in NUMERIC.mark("10").because


def test_order_is_right_for_one_order_and_names_the_first_at_a_wrong_place() -> None:
    for letters in permutations("abc"):
        mark = ORDER.mark("".join(letters))
        assert mark.right == (letters == ("b", "c", "a"))
    assert ORDER.mark("bac").because == "not A"
    assert not ORDER.mark("bc").right


@pytest.mark.parametrize("question", [SINGLE, MULTIPLE, ORDER])
@pytest.mark.parametrize("answer", ["", "d", "aa", 7, "ab!"])
def test_letters_that_do_not_exist_are_refused(question: Single, answer: object) -> None:
    with pytest.raises(InputError, match="letters a to c"):
        question.mark(answer)


def test_two_letters_for_one_are_refused() -> None:
    with pytest.raises(InputError, match="one letter"):
        SINGLE.mark("ab")


@pytest.mark.parametrize("answer", ["many", None, float("nan")])
def test_what_is_no_number_is_refused(answer: object) -> None:
    with pytest.raises(InputError, match="give a number"):
        NUMERIC.mark(answer)


def test_questions_without_a_right_answer_are_refused() -> None:
    for make in (
        lambda: Single("s", "?", [Choice("A", ""), Choice("B", "")]),
        lambda: Multiple("m", "?", [Choice("A", "")], because=""),
        lambda: Order("o", "?", [Choice("A", ""), Choice("B", "")], right="ab", because=""),
        lambda: Order("o", "?", [Choice("A", ""), Choice("B", "")], right="bb", because=""),
    ):
        with pytest.raises(InputError, match="must"):
            make()
