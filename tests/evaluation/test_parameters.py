"""Numbers that a user passes: what is taken, and the one sentence for what is not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.parameters import check_amount, check_rate, check_whole


@pytest.mark.parametrize("value", [0, 1, 0.5, np.float32(0.25), np.int64(1)])
def test_a_rate_lies_between_0_and_1_with_both_ends(value):
    check_rate(value, "rate")


@pytest.mark.parametrize("value", [-1e-9, 1 + 1e-9, math.nan, True, "0.5", None])
def test_what_is_no_rate_is_named(value):
    with pytest.raises(EvaluationError, match=r"^rate is .*; give a number between 0 and 1\.$"):
        check_rate(value, "rate")


def test_a_rate_of_0_is_refused_only_where_it_must_be_positive():
    with pytest.raises(EvaluationError, match="between 0 and 1, above 0"):
        check_rate(0, "rate", positive=True)
    check_rate(1e-12, "rate", positive=True)


def test_an_amount_has_a_floor_that_is_allowed():
    check_amount(2, "gap", least=2)
    check_amount(-7.5, "gap")
    with pytest.raises(EvaluationError, match=r"gap is 1\.9; give a number from 2 on"):
        check_amount(1.9, "gap", least=2)
    with pytest.raises(EvaluationError, match="give a number above 0"):
        check_amount(0, "gap", least=1e-12)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, False, "3", None])
def test_what_is_no_amount_is_named(value):
    with pytest.raises(EvaluationError, match=r"^gap is .*; give a number\.$"):
        check_amount(value, "gap")


@pytest.mark.parametrize("value", [0, 1.0, True, np.True_, "1", None])
def test_what_is_no_whole_number_is_named(value):
    with pytest.raises(EvaluationError, match=r"^bins is .*; give a whole number from 1 on\.$"):
        check_whole(value, "bins", least=1)
    check_whole(np.int32(1), "bins", least=1)
