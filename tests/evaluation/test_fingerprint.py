"""A fingerprint is that of the rows, however they are cut and in whatever order; another value is another one."""

from __future__ import annotations

from functools import reduce
from operator import add

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from mlops_lab.evaluation.fingerprint import DataFingerprint, model_fingerprint
from mlops_lab.evaluation.probe import probe_model

FRAME = pd.DataFrame({"age": np.arange(60) % 7, "city": ["Salta", "Jujuy", "Rosario"] * 20})
TARGET = np.arange(60) % 2
WHOLE = DataFingerprint.of(FRAME, TARGET)


@pytest.mark.parametrize("seed", range(3))
def test_parts_in_any_order_add_up_to_the_whole(seed):
    random = np.random.default_rng(seed)
    parts = np.array_split(random.permutation(60), 7)
    found = [DataFingerprint.of(FRAME.iloc[rows], TARGET[rows]) for rows in parts]
    assert reduce(add, found) == WHOLE
    assert DataFingerprint() + WHOLE == WHOLE


def test_one_other_value_target_or_row_is_other_data():
    other = FRAME.assign(age=FRAME["age"].where(FRAME.index != 41, 99))
    target = np.where(np.arange(60) == 7, 0, TARGET)
    given = [(other, TARGET), (FRAME, target), (FRAME[1:], TARGET[1:])]
    assert len({WHOLE.total, *(DataFingerprint.of(*one).total for one in given)}) == 4
    assert WHOLE.to_dict() == {"rows": 60, "digest": f"{WHOLE.total:016x}"}


def test_targets_of_two_rows_that_are_swapped_are_other_data():
    target = TARGET.copy()
    target[[0, 1]] = target[[1, 0]]
    assert DataFingerprint.of(FRAME, target) != WHOLE


def fingerprint(model):
    probe = probe_model(model, TARGET, FRAME[["age"]])
    return model_fingerprint(probe.predictor, probe.outputs)


def test_a_model_is_known_by_what_it_says():
    model = LogisticRegression().fit(FRAME[["age"]], TARGET)
    again = LogisticRegression().fit(FRAME[["age"]], TARGET)
    assert fingerprint(model) == fingerprint(again)
    again.coef_ = again.coef_ + 1e-9  # as another machine may compute
    assert fingerprint(model)["digest"] == fingerprint(again)["digest"]
    again.coef_ = again.coef_ + 0.01
    assert fingerprint(model)["digest"] != fingerprint(again)["digest"]
    assert fingerprint(model)["classes"] == ["0", "1"]
