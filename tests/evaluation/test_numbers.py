"""Numbers in sentences: one of a thing is written as one."""

import re

import numpy as np
import pandas as pd
import pytest

from mlops_lab import evaluation as ev
from mlops_lab.evaluation.statistics.area import Scores, auc_interval
from mlops_lab.evaluation.statistics.calibration_error import calibration_error
from mlops_lab.evaluation.statistics.class_metrics import metric_interval
from mlops_lab.evaluation.statistics.confusion import Confusion
from mlops_lab.evaluation.statistics.losses import LossChanges, loss_drop
from mlops_lab.evaluation.statistics.moments import Moments, mean_interval
from mlops_lab.evaluation.statistics.ranking import PairedScores, auc_drop
from mlops_lab.evaluation.statistics.score_histogram import ScoreHistogram

ONE_OF_SEVERAL = re.compile(
    r"(?<![\d.,])1 (?!of )(?:other |more )?(?:rows|columns|groups|slices|classes|checks|predictions|decisions|values)\b"
)


def assert_right(text):
    assert not ONE_OF_SEVERAL.search(text), ONE_OF_SEVERAL.search(text)


class Model:
    classes_ = np.array([0, 1])

    def predict_proba(self, X):
        share = np.clip(X["age"] / 100, 0, 1).to_numpy()
        return np.column_stack([1 - share, share])


def people(rows=400):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.uniform(20, 80, rows).round(3), "job": rng.choice(["cook", "nurse"], rows)})
    frame.loc[0, "job"] = "pilot"
    frame.loc[0, "age"] = 90.0
    return frame, (frame["age"] + rng.normal(0, 20, rows) > 50).astype(int)


CHECKS = [
    ev.Invariance("job", swap={"pilot": "cook"}, max_change_rate=0.5),
    ev.Directional("age", by=5),
    ev.Directional("job", order=["cook", "pilot"]),
    ev.Perturbation(ev.swap("job", {"pilot": "cook"})),
    ev.Perturbation(ev.noise("age", sd=0.1), metric="log_loss"),
    ev.Confidence(threshold=0.89, min_accuracy=0.5, min_coverage=0.0),
    ev.Slices("job", metric="roc_auc", against="rest"),
    ev.Slices("job", metric="balanced_accuracy", against="rest"),
    ev.Slices("job", min_rows=30),
    ev.WeakSlices(columns=["job"], max_gap=0.3),
    ev.Calibration(max_error=0.2),
]


@pytest.mark.parametrize("rows", [400, 2, 1])
def test_a_report_counts_one_as_one(rows):
    frame, target = people()
    of_levels = ("swap(", "swap={", "order=('")
    suite = ev.Suite([one for one in CHECKS if rows > 1 or not any(word in repr(one).lower() for word in of_levels)])
    report = suite.run(Model(), frame.iloc[:rows], target.iloc[:rows], progress=False)
    assert_right(repr(report))
    assert_right(re.sub(r"<[^>]*>", " ", report._repr_html_()))
    for result in report.results:
        assert_right(result.explain())
        if result.error is None:
            assert_right(" ".join(text.get_text() for text in result.plot().texts))


def test_the_statistics_count_one_as_one():
    one, few = np.array([True]), np.arange(40) == 0
    score = np.linspace(0.1, 0.9, 40)
    before, after = np.zeros(40), np.where(few, 0.5, 0.0)
    notes = [
        auc_interval(Scores.of(few, score)).note,
        auc_drop(PairedScores.of(few, score, score)).note,
        calibration_error(ScoreHistogram.of(one, score[:1]), tolerance=0.1).note,
        mean_interval(Moments.of([[1.0]])).note,
        loss_drop(LossChanges.of(before[:1], after[:1])).note,
        loss_drop(LossChanges.of(before, after)).note,
        metric_interval(Confusion.of(few.astype(int), few.astype(int), classes=2), "balanced_accuracy").note,
    ]
    for note in notes:
        assert " 1 row" in note
        assert_right(note)


def test_errors_count_one_as_one():
    frame, target = people()
    gap = target.astype(float).where(target.index != 3)
    for X, y in ((frame, gap), (frame.iloc[:0, :1], []), (frame.iloc[:1], [0, 1])):
        with pytest.raises(ev.EvaluationError) as raised:
            ev.Suite(CHECKS[:1]).run(Model(), X, y)
        assert "1 " in str(raised.value)
        assert_right(str(raised.value))

    def fails(X):
        raise ValueError("no")

    with pytest.raises(ev.EvaluationError, match="on 1 row: no"):
        ev.Suite(CHECKS[4:5]).run(fails, frame.iloc[:1], target.iloc[:1])
