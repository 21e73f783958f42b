"""Run one check over any split of the rows, as a stream or a cluster would."""

from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest

from mlops_lab.evaluation.check import Setting
from mlops_lab.evaluation.data import Batch, FrameSource
from mlops_lab.evaluation.model import encode_target
from mlops_lab.evaluation.plan import Plan
from mlops_lab.evaluation.probe import probe_model
from mlops_lab.evaluation.profile import profile_frame


@pytest.fixture
def result_over():
    return over_parts


@pytest.fixture
def assert_same():
    return same_numbers


def over_parts(check, model, frame, target, edges=(), order=None):
    """Return the check's result where the rows come in the parts between the edges, merged in the given order."""
    source = FrameSource(frame, target)
    predictor = probe_model(model, source.target, frame.head(64)).predictor
    profile = profile_frame(source.frame, check.needs(source.schema))
    has = predictor.has_probabilities
    setting = Setting(source.schema, profile, predictor.task, predictor.classes, has, 0.05, 0, source.rows)
    procedure, plan = check.prepare(setting, "check"), Plan(predictor)
    codes, cuts = encode_target(source.target, predictor), [0, *sorted(set(edges)), source.rows]
    states = []
    for start, stop in pairwise(cuts):
        batch = Batch(source.frame.iloc[start:stop], codes[start:stop], start)
        requests = procedure.requests(batch)
        states.append(procedure.observe(batch, requests, plan.ask(batch, requests)))
    ordered = states if order is None else [states[i] for i in np.argsort(order[: len(states)], kind="stable")]
    return procedure.result(reduce(add, ordered))


def same_numbers(first, second):
    """Compare two results number by number."""
    assert first.verdict == second.verdict
    for name in ("estimate", "low", "high", "p_fail", "rows"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), rtol=1e-12, atol=1e-14)
    assert list(first.details.columns) == list(second.details.columns)
    for column in first.details.columns:
        left, right = first.details[column].to_numpy(), second.details[column].to_numpy()
        if left.dtype.kind in "fi":
            np.testing.assert_allclose(left, right, rtol=1e-10, atol=1e-12)
        else:
            assert left.tolist() == right.tolist()
    assert first.examples.index.tolist() == second.examples.index.tolist()
    assert first.explain() == second.explain()
