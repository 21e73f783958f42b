"""What a judge reads in an answer."""

import numpy as np
import pytest

from mlops_lab.lessons.answers import CANT_TELL, decision, spoken
from mlops_lab.lessons.exercise import Verdict
from mlops_lab.lessons.words import as_text


@pytest.mark.parametrize(
    "word", ["can't tell", "Can’t tell.", "cannot tell", "can not tell", "cant tell", "INCONCLUSIVE"]
)
def test_there_are_many_ways_to_say_that_nothing_can_be_told(word):
    assert spoken(word) == CANT_TELL


@pytest.mark.parametrize("word", ["can tell", "not", "perhaps", "", None, ["can't tell"], "tell"])
def test_other_words_stay_other_words(word):
    assert spoken(word) != CANT_TELL


def test_true_and_false_are_yes_and_no():
    assert [spoken(word) for word in (True, np.False_, "YES", "no.")] == ["yes", "no", "yes", "no"]


def test_a_number_may_be_written_in_any_way_that_is_one():
    answer = {"worst": np.float32(0.25), "rows": "40", "served": "well"}
    assert decision(answer, ("served", "worst", "rows"), ("rows",), ("worst",)) == answer | {
        "worst": 0.25,
        "rows": 40.0,
    }


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (["well", 0.2], "with the keys"),
        ({"served": "well"}, "with the keys"),
        ({"served": "well", "worst": "large"}, "one number; you wrote `‹large›`"),
        ({"served": "well", "worst": [0.1, 0.2]}, "one number; you wrote `‹[0.1, 0.2]›`"),
        ({"served": "well", "worst": {"a": "{gap} `b`"}}, "one number"),
        ({"served": "well", "worst": np.arange(900)}, "…"),
        ({"served": "well", "worst": float("nan")}, "one number; you wrote `‹nan›`"),
        ({"served": "well", "worst": 25}, "a share, from 0 to 1; you wrote ‹25›"),
    ],
)
def test_what_is_wrong_with_the_form_is_said(answer, said):
    refused = decision(answer, ("served", "worst"), shares=("worst",))
    assert isinstance(refused, Verdict)
    assert said in as_text(refused.because)
