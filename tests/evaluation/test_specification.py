"""Suites as YAML: what is written is read back equal, and whatever is wrong gets a sentence with its line."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import jsonschema
import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlops_lab import evaluation as ev
from mlops_lab.cli import main
from mlops_lab.evaluation import EvaluationError, Suite, noise, swap
from mlops_lab.evaluation.changes import CHANGES, Change
from mlops_lab.evaluation.check import KINDS, Check, Procedure, Setting
from mlops_lab.evaluation.errors import EvaluationError as Refused
from mlops_lab.evaluation.hints import parameters_of
from mlops_lab.evaluation.schema import json_schema
from mlops_lab.evaluation.specification import read_specification, read_suite, specification_from, suite_to_dict
from mlops_lab.evaluation.yaml_nodes import dump


@dataclass(frozen=True)
class Everything(Check):
    """A check with a parameter of every type.

    Parameters
    ----------
    column : str or sequence of str
        What it
        looks at.
    most : float, default 0.1
        A tolerance.
    """

    method: ClassVar[str] = "test_everything"
    column: str | Sequence[str]
    most: float = 0.1
    bins: int = 10
    strict: bool = False
    mode: Literal["one", "two"] = "one"
    levels: Mapping[str, float] | None = None
    change: Change | None = None
    changes: tuple[Change, ...] = ()
    metric: str | Callable[..., float] = "accuracy"
    positive: Any = None
    steps: Sequence[float] = (0.1, 0.2)

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple(self.steps))
        if self.most < 0:
            raise Refused(f"most is {self.most}; give a number from 0 on.")
        if self.bins == 13:
            raise ZeroDivisionError("thirteen")

    @property
    def target(self) -> str:
        return str(self.column)

    def prepare(self, setting: Setting, name: str) -> Procedure:
        raise NotImplementedError


numbers = st.floats(0, 1) | st.integers(0, 10).map(float)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
noises = st.builds(noise, st.text(), numbers)
swaps = st.builds(swap, st.text(), st.dictionaries(st.text() | st.integers() | st.booleans(), st.text(), min_size=1))
changes = noises | swaps
checks = st.builds(
    Everything,
    column=st.text() | st.lists(st.text()),
    most=numbers,
    bins=st.integers(14),
    strict=st.booleans(),
    mode=st.sampled_from(["one", "two"]),
    levels=st.none() | st.dictionaries(st.text(), st.floats(allow_nan=False)),
    change=st.none() | changes,
    changes=st.lists(changes, max_size=2).map(tuple),
    metric=st.text(),
    positive=scalars,
    steps=st.lists(numbers),
    name=st.none() | st.uuids().map(str),
)
suites = st.builds(
    Suite, st.lists(checks, min_size=1, max_size=3), alpha=st.floats(0.001, 0.49), seed=st.integers(0, 2**40)
)


def read(text: str) -> Suite:
    return specification_from(text, Path("tests.suite.yaml")).suite


@pytest.mark.slow
@given(suites)
@example(Suite([Everything(["\x85", "\u2028\r\n", "no", "1e3", "~", "0o7", " #"])]))
def test_what_is_written_is_read_back_equal(suite: Suite) -> None:
    text = dump(suite_to_dict(suite, strict=True))
    assert read(text) == suite


def test_files_are_written_and_read(tmp_path: Path) -> None:
    suite = Suite([Everything("sex", np.float64(0.25), name="mine")], alpha=0.1, seed=3)
    path = suite.to_yaml(tmp_path / "a.suite.yaml")
    assert Suite.from_yaml(path) == suite
    assert path.read_text() == (
        "alpha: 0.1\nseed: 3\nchecks:\n- test_everything: {name: mine, column: sex, most: 0.25}\n"
    )


def test_numbered_columns_of_an_array_are_written_and_read(tmp_path: Path) -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(400, 3)))
    suite = Suite(
        [
            ev.Perturbation(ev.noise(frame.columns[1], sd=0.1)),
            ev.Perturbation(ev.correlated_noise([0, np.int64(2)], sd=0.1)),
            ev.Perturbation(ev.missing(0, rate=0.1)),
            ev.Invariance([0, 1], max_change_rate=0.5),
            ev.Directional(0, by=1),
            ev.Slices(2),
            ev.Slices([0, 1]),
            ev.WeakSlices(columns=[0, 2]),
        ]
    )
    back = Suite.from_yaml(suite.to_yaml(tmp_path / "a.suite.yaml"))
    assert back == suite
    assert back.names == suite.names
    first, second = (
        one.run(lambda X: 1 / (1 + np.exp(-X[0].fillna(0))), frame, frame[0] > 0, progress=False)
        for one in (suite, back)
    )
    assert "error" not in [result.verdict for result in second.results]
    assert first.table.equals(second.table)


def test_a_number_is_no_name_of_a_column_of_texts_and_the_schema_knows_both() -> None:
    suite = read("checks:\n- slices: {columns: 0}\n- slices: {columns: '0'}\n")
    assert [check.columns for check in suite.checks] == [0, "0"]
    frame = pd.DataFrame({"0": ["a", "b"] * 200})
    with pytest.raises(Refused, match=r"Column 0 is not in the data. The nearest is '0'"):
        Suite(suite.checks[:1]).run(lambda X: np.zeros(len(X)), frame, np.arange(400) % 2)
    schema = json_schema()
    for columns in (0, [0, 1], "age", ["age", 1]):
        jsonschema.validate({"checks": [{"slices": {"columns": columns}}]}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"checks": [{"slices": {"columns": 0.5}}]}, schema)


@pytest.mark.parametrize(
    ("model", "from_the_folder"),
    [
        ("m:income", False),
        ("her_models:income", False),
        ("_m.deeper:nested.income", False),
        ("models:/income@champion", False),
        ("C:/models/income.skops", True),
        ("income.skops", True),
        ("m:income/model.skops", True),
    ],
)
def test_a_model_in_a_module_is_no_file_beside_the_suite(model: str, from_the_folder: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.suite.yaml"
    path.write_text(dump({"checks": [{"calibration": {}}], "model": model, "data": model}))
    specification = read_specification(path)
    assert specification.model == (str(tmp_path / model) if from_the_folder else model)
    is_url = model.startswith("models:")
    assert specification.data == (model if is_url else str(tmp_path / model))  # rows lie in no module


def test_the_forms_of_the_documentation_are_read(tmp_path: Path) -> None:
    path = tmp_path / "income.suite.yaml"
    path.write_text(
        """
alpha: 0.05
seed: 0
checks:
- test_everything: {column: sex, change: {noise: {column: hours_per_week, sd: 0.2}}, most: 2e-2}
- test_everything:
    column: [race, sex]
    positive: no
model: models:/income@champion
data: rows/test.parquet
target: income
"""
    )
    specification = read_specification(path)
    first, second = specification.suite.checks
    assert first == Everything("sex", 0.02, change=noise("hours_per_week", 0.2))
    assert second.positive == "no"  # type: ignore[attr-defined]
    assert specification.model == "models:/income@champion"
    assert specification.data == str(tmp_path / "rows" / "test.parquet")
    assert specification.target == "income"


GOOD = "checks:\n- test_everything: {column: a}\n"


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("", 1, "is a mapping with a list of checks"),
        ("[]", 1, "is a mapping with a list of checks"),
        ("alpha: 0.05", 1, "has no checks"),
        ("checks: 3", 1, "is no list"),
        ("checks: []", 1, "has no checks; pass at least one"),
        (GOOD + "alpa: 0.1", 3, "no key 'alpa'; did you mean 'alpha'"),
        (GOOD + "alpha: 0.7", 3, "alpha is 0.7"),
        (GOOD + "alpha: yes", 3, "alpha is 'yes'; give a number"),
        (GOOD + "seed: 1.5", 3, "seed is 1.5; give a whole number"),
        (GOOD + "seed: 1\nseed: 2", 4, "'seed' stands here a second time"),
        ("checks:\n\n- test_everythin: {column: a}", 3, "no check 'test_everythin'; did you mean 'test_everything'"),
        ("checks:\n- test_everything: {column: a}\n- qqqq: {}", 3, "choose one of"),
        ("checks:\n- test_everything:\n    column: a\n    mots: 1", 4, "did you mean 'most'"),
        ("checks:\n- test_everything:\n    column: a\n    most: high", 4, "most is 'high'; give a number"),
        ("checks:\n- test_everything:\n    column: a\n    mode: three", 4, "give 'one' or 'two'"),
        ("checks:\n- test_everything:\n    column: a\n    strict: 1", 4, "give true or false"),
        ("checks:\n- test_everything:\n    column: {a: b}", 3, "give a text or a list"),
        ("checks:\n- test_everything: {column: a, most: -1}", 2, "most is -1"),
        ("checks:\n- test_everything: {column: a, bins: 13}", 2, "cannot be made: ZeroDivisionError: thirteen"),
        ("checks:\n- test_everything: {}", 2, "needs column; add it"),
        ("checks:\n- test_everything: a", 2, "are no mapping"),
        ("checks:\n- test_everything", 2, "one name with its parameters"),
        ("checks:\n- {a: 1, b: 2}", 2, "one name with its parameters"),
        ("checks:\n- test_everything:\n    column: a\n    change:\n      nois: {}", 5, "did you mean 'noise'"),
        ("checks:\n- test_everything:\n    column: a\n    change:\n      noise: {column: a}", 5, "needs sd"),
        ("checks:\n- test_everything:\n    column: a\n    change: noise", 4, "give a change or null"),
        ("checks:\n- test_everything: &x {column: a}\n- test_everything: *x", 2, "Anchors"),
        ("checks:\n- !!python/object:os.system {column: a}", 2, "tag"),
        ("checks: [", 1, "This is no YAML"),
        ("checks:\n\t- a", 2, "This is no YAML"),
        (GOOD + "seed: " + "9" * 5000, 3, "cannot be read"),
        (GOOD + "? [a]\n: b", 3, "A key is a list"),
        (GOOD + "---\nb: c", 3, "This is no YAML"),
    ],
)
def test_each_mistake_is_one_sentence_with_its_line(text: str, line: int, part: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        read(text)
    assert str(raised.value).startswith(f"tests.suite.yaml, line {line}: ")
    assert part in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.slow
def test_nesting_without_end_is_refused() -> None:
    depth = sys.getrecursionlimit() * 2
    with pytest.raises(EvaluationError, match="nested too deeply"):
        read("checks: " + "[" * depth + "]" * depth)


@pytest.mark.slow
@settings(max_examples=1000)
@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(EvaluationError):
        read(text)


plain = st.recursive(
    scalars | st.sampled_from(["sex", "noise", "one"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["column", "most", "change", "noise", "sd", "swap", "levels", "name", "changes"])
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@pytest.mark.slow
@settings(max_examples=1000)
@given(
    st.dictionaries(st.sampled_from(["alpha", "seed", "model", "data", "target"]), plain),
    st.lists(st.dictionaries(st.sampled_from(["test_everything", "tests"]), plain, min_size=1, max_size=1), max_size=2),
)
def test_any_structure_is_read_or_refused(head: dict[str, Any], listed: list[dict[str, Any]]) -> None:
    try:
        suite = read(dump(head | {"checks": listed}))
    except EvaluationError:
        return
    assert read(dump(suite_to_dict(suite, strict=True))) == suite


def test_a_function_of_ones_own_cannot_be_written_but_named(tmp_path: Path) -> None:
    def money(y: Any, predicted: Any) -> float:
        return 0.0

    suite = Suite([Everything("a", metric=money)])
    with pytest.raises(EvaluationError, match=r"test_everything:a: metric holds .*money, which a file cannot hold"):
        suite.to_yaml(tmp_path / "a.yaml")
    assert list(tmp_path.iterdir()) == []
    assert "money" in suite.to_dict()["checks"][0]["test_everything"]["metric"]


def test_a_change_of_ones_own_can_be_written_only_where_it_is_read_back() -> None:
    class Mine(Change):
        kind = "noise"
        targets = ()
        needs = columns = None  # type: ignore[assignment]

    CHANGES["noise"] = noise
    suite = Suite([Everything("a", change=Mine())])  # type: ignore[abstract]
    with pytest.raises(EvaluationError, match="Mine cannot be written"):
        suite_to_dict(suite, strict=True)
    assert suite_to_dict(suite)["checks"][0]["test_everything"]["change"] == {"noise": {}}


def test_every_parameter_is_described_for_editors() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    described = schema["$defs"]["check"]["properties"]["test_everything"]
    assert described["required"] == ["column"]
    assert described["properties"]["column"]["description"] == "What it looks at."
    assert described["properties"]["most"] == {"type": "number", "description": "A tolerance.", "default": 0.1}
    assert described["properties"]["mode"] == {"enum": ["one", "two"], "default": "one"}
    for kind in [*KINDS.values(), *CHANGES.values()]:
        if kind.__module__.startswith("mlops_lab.") and not inspect.isabstract(kind):
            for parameter in parameters_of(kind):
                assert parameter.about, f"{kind.__name__}: {parameter.name} has no description"


@pytest.mark.parametrize(
    ("text", "good"),
    [
        (GOOD, True),
        ("checks:\n- test_everything: {column: [a, b], change: {noise: {column: a, sd: 1}}}", True),
        ("checks:\n- test_everything: {column: a, change: {nois: {column: a, sd: 1}}}", False),
        ("checks:\n- test_everything: {column: a, most: high}", False),
        ("checks:\n- test_everything: {}", False),
        ("chekcs: []", False),
    ],
)
def test_schema_and_reader_agree(text: str, good: bool) -> None:
    assert jsonschema.Draft202012Validator(json_schema()).is_valid(yaml.safe_load(text)) is good
    if good:
        read(text)
    else:
        with pytest.raises(EvaluationError):
            read(text)


def test_the_schema_is_printed_and_written(tmp_path: Path) -> None:
    printed = CliRunner().invoke(main, ["schema"])
    assert printed.exit_code == 0
    assert json.loads(printed.output)["title"] == "Evaluation suite of mlops_lab"
    path = tmp_path / "schema.json"
    assert CliRunner().invoke(main, ["schema", "-o", str(path)]).exit_code == 0
    assert json.loads(path.read_text()) == json.loads(printed.output)
    refused = CliRunner().invoke(main, ["schema", "-o", str(tmp_path / "no" / "schema.json")])
    assert refused.exit_code == 2
    assert "cannot be written" in refused.output


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_suite(tmp_path / "none.yaml")
