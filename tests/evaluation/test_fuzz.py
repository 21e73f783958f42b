"""Whatever a suite file or a report holds, only our own error leaves the readers.

``FUZZ=10000`` tries as many cases of each kind.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_lab.evaluation import EvaluationError, Report, Result
from mlops_lab.evaluation.report_json import from_json, to_json
from mlops_lab.evaluation.specification import specification_from

CASES = int(os.environ.get("FUZZ", "60"))
WORDS = [
    "checks",
    "alpha",
    "seed",
    "model",
    "data",
    "target",
    "perturbation",
    "invariance",
    "change",
    "noise",
    "column",
]
WORDS += ["sd", "max_drop", "slices", "columns", "weak_slices", "calibration", "directional", "by", "sweep", "name"]
SUITE = """\
alpha: 0.05
checks:
- perturbation: {change: {noise: {column: age, sd: 0.2}}, max_drop: 0.02, sweep: [0.1, 0.4]}
- invariance: {column: sex, max_change_rate: 0.01}
- slices: {columns: [race, sex], max_gap: 0.05}
"""
MARKS = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    "- ",
    "\n",
    "  ",
    "&a ",
    "*a",
    "!!python/object:os.system ",
    "<<: ",
    "'",
    '"',
    "#",
]
MARKS += [
    "|",
    ">",
    "---\n",
    "%YAML 9\n",
    "\t",
    "\x00",
    "\u2028",
    "1e999",
    ".nan",
    "0x",
    "9" * 5000,
    "~",
    "yes",
    "?",
    "@",
]

scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(WORDS))
plain = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(WORDS), st.text(max_size=5)), inner, max_size=4),
    ),
    max_leaves=20,
)


def read_suite(text: str) -> None:
    """Read a suite; our own error may leave, and nothing else."""
    try:
        specification_from(text, Path("x.suite.yaml"))
    except EvaluationError as error:
        named = str(error).startswith("x.suite.yaml, line ")
    else:
        named = True
    assert named, "an error that names no line"


def read_report(text: str) -> None:
    """Read a report, and use it where it can be read."""
    try:
        report = from_json(text)
    except EvaluationError:
        return
    repr(report)
    to_json(report)
    report.explain()


@pytest.mark.slow
@settings(max_examples=CASES)
@given(plain)
def test_any_plain_data_as_a_suite(data):
    read_suite(json.dumps(data))
    read_suite(json.dumps({"checks": data}))


@pytest.mark.slow
@settings(max_examples=CASES)
@given(st.lists(st.one_of(st.sampled_from([*MARKS, *WORDS]), st.text(max_size=4)), max_size=30))
def test_any_marks_as_a_suite(pieces):
    read_suite("".join(pieces))


@pytest.mark.slow
@settings(max_examples=CASES)
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_a_damaged_suite(seed, wounds):
    read_suite(damaged(SUITE, seed, wounds))


@pytest.mark.slow
@pytest.mark.parametrize("depth", [50, 2000, 100_000])
@pytest.mark.parametrize(("open_", "close"), [("[", "]"), ("{a: ", "}"), ("- ", "")])
def test_deep_nesting_is_refused(depth, open_, close):
    read_suite("checks:\n" + open_ * depth + close * depth)


def test_anchors_and_tags_are_refused_before_they_grow():
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    with pytest.raises(EvaluationError, match="line 1: Anchors"):
        specification_from(bomb, Path("bomb.yaml"))
    with pytest.raises(EvaluationError, match=r"line 1: The tag"):
        specification_from("checks: !!python/object/apply:os.system ['true']", Path("tag.yaml"))


@pytest.fixture(scope="module")
def report(results) -> str:
    """Return a report with a result of every kind, as JSON."""
    return to_json(Report(tuple(results.values()), rows=4000), examples=True)


def damaged(text: str, seed: int, wounds: int) -> str:
    """Cut, double or overwrite parts of a text."""
    chance = random.Random(seed)
    for _ in range(wounds):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice([0, 1, 1, 5, 60]))
        put = chance.choice(
            ["", text[start:end] * 2, chance.choice(MARKS), chance.choice(["0", "-1", "null", "{}", "NaN"])]
        )
        text = text[:start] + put + text[end:]
    return text


@pytest.mark.slow
@settings(max_examples=CASES)
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_a_damaged_report(report, seed, wounds):
    read_report(damaged(report, seed, wounds))


@pytest.mark.slow
@settings(max_examples=CASES)
@given(st.integers(0, 2**32), plain)
def test_a_report_with_a_value_put_elsewhere(report, seed, value):
    content = json.loads(report)
    chance = random.Random(seed)
    place, parent, key = content, content, chance.choice(list(content))
    for _ in range(chance.randrange(1, 7)):
        if not isinstance(place, (dict, list)) or not place:
            break
        parent, key = place, chance.choice(list(place)) if isinstance(place, dict) else chance.randrange(len(place))
        place = parent[key]
    parent[key] = value
    read_report(json.dumps(content))


@pytest.mark.slow
@settings(max_examples=CASES)
@given(plain)
def test_any_plain_data_as_a_report(data):
    read_report(json.dumps(data))


def test_a_whole_report_is_read(report):
    assert from_json(report).rows == 4000
    assert isinstance(from_json(report).results[0], Result)
    assert np.isfinite(from_json(report).results[0].estimate)
