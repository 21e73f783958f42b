from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.multiplicity import holm, survives, worst_of


@pytest.mark.slow
@settings(max_examples=8, deadline=None)  # statsmodels takes 40 ms a call
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_equals_statsmodels(p_values):
    assert np.allclose(holm(p_values), multipletests(p_values, method="holm")[1], atol=1e-12)


def test_a_look_that_could_not_be_made_counts_as_none():
    assert holm([0.01, np.nan, 0.5])[[0, 2]].tolist() == holm([0.01, 0.5]).tolist()
    assert survives([np.nan, 0.001]).tolist() == [False, True]
    assert holm([]).shape == (0,)


def test_a_p_value_outside_of_its_range_is_refused():
    with pytest.raises(InputError, match="between 0 and 1"):
        holm([0.2, 1.2])


def correlated(rng: np.random.Generator, rows: int, groups: int) -> np.ndarray:
    """Draw normal numbers that share 0.6 of their variance, by arithmetic that is the same on every machine."""
    return np.sqrt(0.6) * rng.normal(size=(rows, 1)) + np.sqrt(0.4) * rng.normal(size=(rows, groups))


def corrected(seed: int, groups: int = 10) -> tuple[float, float]:
    """All truths at the tolerance, estimates correlated: the smallest p-value by the bootstrap, and by Holm."""
    rng = np.random.default_rng(seed)
    seen = correlated(rng, 1, groups)[0]
    drawn = seen + correlated(rng, 400, groups)
    return worst_of(seen, drawn, 0.0).min(), holm(stats.norm.sf(seen)).min()


@pytest.mark.slow
def test_the_worst_of_correlated_groups_keeps_the_family_wise_level_and_beats_holm():
    by_bootstrap, by_holm = np.array([corrected(seed) for seed in range(600)]).T
    assert (by_bootstrap < 0.025).sum() <= stats.binom.ppf(0.999, 600, 0.025)
    assert np.median(by_bootstrap) < 0.8 * np.median(by_holm)


def test_worst_of_judges_no_group_that_never_varies():
    drawn = np.column_stack([np.zeros(100), np.linspace(0, 1, 100)])
    assert worst_of([5.0, 9.0], drawn, 0.0)[0] == 1.0
    with pytest.raises(InputError, match="one column"):
        worst_of([1.0], drawn, 0.0)
