"""Lesson 22: answers beside those that are tried in every lesson."""

import pandas as pd

from mlops_lab import evaluation as ev
from mlops_lab.lessons.content.slices_judges import by_lot, planted
from mlops_lab.lessons.exercise import State
from tests.lessons.content.judged import Judged

COUNTS = [
    ("A", "majority", 882, 900),
    ("A", "minority", 80, 100),
    ("B", "majority", 855, 900),
    ("B", "minority", 95, 100),
]


def handed():
    """What the notebook hands over."""
    rows = [(model, group, place < right) for model, group, right, count in COUNTS for place in range(count)]
    details = pd.DataFrame(
        {
            "slice": ["large", "weak", "small", "luck"],
            "rows": [5000, 300, 200, 80],
            "share_of_error": [0.7, 0.05, 0.03, 0.01],
            "found_gap": [0.14, 0.21, 0.2, 0.3],
            "gap": [0.13, 0.26, 0.27, 0.08],
            "low": [0.12, 0.18, 0.09, -0.04],
            "high": [0.15, 0.34, 0.4, 0.26],
            "confirmed": [True, True, False, False],
        }
    )
    row = {"rows": 9, "metric": 1.0, "gap": -0.128, "low": -0.133, "high": 0.208}
    given = {
        "deploy": {"answers": pd.DataFrame(rows, columns=["model", "group", "right"])},
        "weakest": {"details": details},
        "nine": {"row": row},
    }
    return given, {}


JUDGED = Judged(
    "22_slices",
    {
        "deploy": "decision",
        "same_mix": "same_mix",
        "seek": "has_weak_slice",
        "weakest": "fault",
        "nine": "decision",
    },
    handed,
)

OTHER = [  # answers that have no name, and get a reason too
    ("deploy", "B"),
    ("deploy", {"deploy": "B", "A": "many", "B": 0.95}),
    ("deploy", {"deploy": "B", "A": 0.9, "B": 0.9}),
    ("deploy", {"deploy": "A", "A": 0.935, "B": 0.95}),
    ("deploy", {"deploy": "C", "A": 0.935, "B": 0.95}),
    ("same_mix", 0.05),
    ("same_mix", lambda table: "more"),
    ("same_mix", lambda table: 0.123),
    ("same_mix", lambda table: abs((table["first"] - table["second"]).mean())),
    ("same_mix", lambda table: table.pop("first").mean()),
    ("seek", True),
    ("seek", lambda model, X, y: "yes"),
    ("weakest", "weak"),
    ("weakest", {"slice": "strong", "gap": 0.26}),
    ("weakest", {"slice": ["weak"], "gap": 0.26}),
    ("weakest", {"slice": "weak", "gap": "large"}),
    ("weakest", {"slice": "weak", "gap": 0.18}),
    ("nine", "can't tell"),
    ("nine", {"served": "perhaps", "worst": 0.2}),
    ("nine", {"served": "can't tell", "worst": 0.5}),
]


def test_the_worst_slice_that_is_not_confirmed_is_no_fault():
    """It has the largest gap on fresh rows, too, and too few of them."""
    refused = JUDGED.verdict("weakest", {"slice": "small", "gap": 0.27})
    assert refused.idea == "luck"


def test_a_slice_by_slice_count_is_a_right_test_too():
    """Whoever confirms on fresh rows by hand, with the correction for all, has understood."""

    def has_weak_slice(model, X, y):
        check = ev.WeakSlices(max_gap=0.1, columns=[name for name in X.columns if X[name].nunique() <= 12])
        return bool(ev.Suite([check]).run(model, X, y, progress=False).results[0].details["confirmed"].any())

    assert JUDGED.verdict("seek", has_weak_slice).state is State.CORRECT


def test_the_cases_are_what_the_reasons_say():
    model, X, y = planted({"district": "harbour", "vehicle": "van"}, 0.5)
    rows = (X["district"] == "harbour") & (X["vehicle"] == "van")
    assert 100 < rows.sum() < 0.05 * len(X)
    assert (model.predict(X) != y)[rows].mean() > 0.5
    model, X, y = planted({"matching": "pooled", "payment": "cash"}, 0.4)
    rows, wrong = (X["matching"] == "pooled") & (X["payment"] == "cash"), model.predict(X) != y
    assert 0.11 < rows.mean() < 0.14
    assert wrong[rows].mean() > 1.8 * wrong[~rows].mean()
    model, X, y = by_lot(6000, 10, 8)
    details = ev.Suite([ev.WeakSlices(max_gap=0.1)]).run(model, X, y, progress=False).results[0].details
    assert len(details)
    assert not details["confirmed"].any()
