"""Everything that can be wrong with checks and suite files, through the public door: one sentence that names it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlops_lab import evaluation as ev

FRAME = pd.DataFrame({"age": np.linspace(20, 60, 600), "job": ["cook", "driver", "clerk"] * 200})
CHECKS = [ev.Calibration(max_error=0.3)]


def run(*checks: Any, **options: Any) -> ev.Report:
    return ev.Suite(checks or CHECKS).run(lambda frame: frame["age"] / 80, FRAME, FRAME["age"] > 40, **options)


BAD_CHECKS: dict[str, tuple[Callable[[], Any], str]] = {
    "max_drop": (lambda: ev.Perturbation(ev.noise("age", sd=0.1), max_drop=-0.1), "max_drop is -0.1"),
    "max_drop NaN": (lambda: ev.Perturbation(ev.noise("age", sd=0.1), max_drop=np.nan), "max_drop is nan"),
    "max_change_rate": (lambda: ev.Invariance("job", max_change_rate=-1), "max_change_rate is -1"),
    "max_violation_rate": (
        lambda: ev.Directional("age", by=1, expect="increase", max_violation_rate=-1),
        "max_violation_rate is -1",
    ),
    "max_error": (lambda: ev.Calibration(max_error=-1), "max_error is -1"),
    "max_gap": (lambda: ev.Slices("job", max_gap=-1), "max_gap is -1"),
    "max_gap text": (lambda: ev.Slices("job", max_gap="0.1"), "max_gap is '0.1'"),  # type: ignore[arg-type]
    "max_gap of weak slices": (lambda: ev.WeakSlices(max_gap=-1), "max_gap is -1; give a number above 0"),
    "threshold": (lambda: ev.Confidence(threshold=1.5, min_accuracy=0.9, min_coverage=0.5), "threshold is 1.5"),
    "min_accuracy": (lambda: ev.Confidence(threshold=0.8, min_accuracy=1.5, min_coverage=0.5), "min_accuracy is 1.5"),
    "min_coverage": (lambda: ev.Confidence(threshold=0.8, min_accuracy=0.9, min_coverage=-1), "min_coverage is -1"),
    "sd": (lambda: ev.noise("age", sd=-1), "sd is -1"),
    "rate": (lambda: ev.missing("age", rate=2), "rate is 2"),
    "kind": (lambda: ev.Calibration(max_error=0.1, kind="positiv"), "kind is 'positiv'"),  # type: ignore[arg-type]
    "expect": (
        lambda: ev.Directional("age", by=1, expect="increse", max_violation_rate=0.1),  # type: ignore[arg-type]
        "the nearest is 'increase'",
    ),
    "change": (lambda: ev.Perturbation("noise", max_drop=0.1), "The change is 'noise'"),  # type: ignore[arg-type]
    "depth": (lambda: ev.WeakSlices(max_depth=0, max_gap=0.1), "max_depth is 0"),
    "no checks": (lambda: ev.Suite([]), "has no checks"),
    "no list": (lambda: ev.Suite(ev.Calibration(max_error=0.1)), "was given one check"),  # type: ignore[arg-type]
    "no check": (lambda: ev.Suite(["x"]), "was given 'x', which is no check"),  # type: ignore[list-item]
    "two names": (
        lambda: ev.Suite([ev.Calibration(max_error=0.1, name="x"), ev.Slices("job", max_gap=0.1, name="x")]),
        "Two checks have the name 'x'",
    ),
    "name": (lambda: ev.Suite([ev.Calibration(max_error=0.1, name="")]), "A check has the name ''"),
    "seed": (lambda: ev.Suite(CHECKS, seed=-1), "seed is -1"),
    "seed True": (lambda: ev.Suite(CHECKS, seed=True), "seed is True"),
    **{
        f"alpha {alpha}": (lambda alpha=alpha: ev.Suite(CHECKS, alpha=alpha), f"alpha is {alpha!r}")
        for alpha in (0, 0.5, 1, -1, "x", None, float("nan"), True)
    },
    **{
        f"batch_rows {rows}": (lambda rows=rows: run(batch_rows=rows), f"batch_rows is {rows!r}")
        for rows in (0, -1, 1.5, "x")
    },
    "task": (lambda: run(task="regresion"), "The task 'regresion' is unknown"),
    **{
        f"metric of {type(check).__name__}": (lambda check=check: run(check), "The metric 'acuracy' is")
        for check in (
            ev.Perturbation(ev.noise("age", sd=0.1), max_drop=0.1, metric="acuracy"),
            ev.Slices("job", max_gap=0.1, metric="acuracy"),
            ev.WeakSlices(max_gap=0.1, metric="acuracy"),
        )
    },
}


@pytest.mark.parametrize(("make", "sentence"), BAD_CHECKS.values(), ids=BAD_CHECKS)
def test_a_check_that_cannot_be_meant_is_refused(make: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(ev.EvaluationError, match=re.escape(sentence)):
        make()


BAD_FILES = {
    "unknown check": ("checks:\n- calibratio: {max_error: 0.1}\n", "line 2", "did you mean 'calibration'"),
    "unknown key": ("alfa: 0.05\nchecks:\n- calibration: {max_error: 0.1}\n", "line 1", "did you mean 'alpha'"),
    "tolerance": ("checks:\n- calibration: {max_error: -1}\n", "line 2", "max_error is -1"),
    "alpha": ("alpha: 2\nchecks:\n- calibration: {max_error: 0.1}\n", "line", "alpha is 2"),
    "code": ("checks: !!python/object/apply:os.system ['true']\n", "line 1", "os.system"),
    "empty": ("", "line 1", "begin with 'checks:'"),
}


@pytest.mark.parametrize(("text", "line", "sentence"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_refused_with_its_line(text: str, line: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "x.suite.yaml"
    path.write_text(text)
    with pytest.raises(ev.EvaluationError, match=re.escape(sentence)) as caught:
        ev.Suite.from_yaml(path)
    assert line in str(caught.value)
