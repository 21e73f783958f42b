from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.interval import Interval, interval, normal_quantile, tails, unknown


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=3), st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_p_values_follow_the_ends(ends, tolerance, p_fail, p_pass):
    low, estimate, high = sorted(ends)
    made = interval(estimate, low, high, p_fail, p_pass, tolerance=tolerance)
    verdict = "pass" if made.p_pass <= 0.025 else "fail" if made.p_fail < 0.025 else "inconclusive"
    assert verdict == made.verdict()


@given(st.sampled_from([-1.0, -3.0, 2.0]), st.floats(0, 1))
def test_a_ceiling_on_errors_is_a_floor_on_accuracy(scale, tolerance):
    errors = interval(0.3, 0.2, 0.4, 0.5, 0.5, tolerance=tolerance)
    turned = errors.rescaled(scale, shift=1)
    assert turned.low <= turned.estimate <= turned.high
    assert turned.larger_is_worse == (scale > 0)
    if min(abs(tolerance - 0.2), abs(tolerance - 0.4)) > 1e-9:
        assert turned.verdict() == errors.verdict()


def test_the_edge_passes():
    assert interval(0.1, 0.05, 0.2, 0.5, 0.5, tolerance=0.2).verdict() == "pass"
    assert interval(0.3, 0.2, 0.4, 0.5, 0.5, tolerance=0.2).verdict() == "inconclusive"


def test_unknown_spans_everything():
    nothing = unknown(-1, 1, "There are no rows to tell from.", tolerance=0.1)
    assert (nothing.verdict(), nothing.can_tell, nothing.p_fail) == ("inconclusive", False, 1.0)


def test_many_intervals_are_a_sequence():
    many = interval([0.1, 0.2], [0.0, 0.1], [0.2, 0.3], 0.5, 0.5, tolerance=0.25)
    assert [one.verdict() for one in many] == ["pass", "inconclusive"]
    assert isinstance(many[0].low, float)
    with pytest.raises(InputError, match="interval"):
        many.verdict()
    with pytest.raises(InputError, match="tolerance"):
        Interval(0.1, 0.0, 0.2).verdict()
    with pytest.raises(TypeError):
        len(many[0])
    with pytest.raises(IndexError):
        many[0][0]


def test_it_becomes_json():
    assert json.loads(json.dumps(interval([0.1], [0.0], [0.2], tolerance=0.3, p_fail=0.5, p_pass=0.01).to_dict()))


def test_the_quantile_is_the_usual_one():
    assert normal_quantile(0.05) == pytest.approx(1.959964, abs=1e-6)
    assert np.isfinite(normal_quantile(1e-12))
    with pytest.raises(InputError):
        normal_quantile(1)


def test_the_tails_take_each_side_as_wide_as_its_own_end():
    z = stats.norm.ppf(0.975)
    for tolerance, side in ((0.15, 0.1), (0.3, 0.4)):  # to the lower end 0.1, to the upper end 0.4
        p_fail, p_pass = tails(0.2, 0.1, 0.6, tolerance, 0.05)
        assert p_fail == pytest.approx(stats.norm.sf((0.2 - tolerance) * z / side))
        assert p_pass == pytest.approx(stats.norm.cdf((0.2 - tolerance) * z / side))
    assert [float(p) for p in tails(0.2, 0.1, 0.6, 0.2, 0.05)] == [0.5, 0.5]


def test_p_values_are_moved_to_the_side_on_which_the_end_lies():
    half, below, above = 0.025, math.nextafter(0.025, 0), math.nextafter(0.025, 1)
    cases = [  # low, high, p_fail, p_pass given; what they become at a tolerance of 0.2
        (0.21, 0.3, 0.9, 0.9, below, 0.9),
        (0.21, 0.3, 0.001, 0.01, 0.001, above),
        (0.1, 0.3, 0.001, 0.001, half, above),
        (0.1, 0.2, 0.5, 0.5, 0.5, half),
        (0.1, 0.2, 0.01, 0.002, half, 0.002),
    ]
    low, high, p_fail, p_pass, worse, better = (list(column) for column in zip(*cases, strict=True))
    many = interval([0.2] * len(cases), low, high, p_fail, p_pass, tolerance=0.2)
    assert many.p_fail.tolist() == worse
    assert many.p_pass.tolist() == better
    for place in range(len(cases)):
        one = interval(0.2, low[place], high[place], p_fail[place], p_pass[place], tolerance=0.2)
        assert (one.p_fail, one.p_pass) == (worse[place], better[place])
