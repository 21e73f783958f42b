"""Suites as YAML files.

::

    alpha: 0.05
    seed: 0
    checks:
    - perturbation:
        change:
          noise: {column: hours_per_week, sd: 0.2}
        max_drop: 0.02
    - invariance: {column: sex, max_change_rate: 0.01}
    model: models:/income@champion      # these three are optional
    data: test.parquet                  # relative to the file
    target: income

Every error names the line. What can stand where is published as JSON Schema (``mlops-lab schema``), made from the
checks themselves, so that editors complete it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from yaml.nodes import MappingNode, Node, SequenceNode

from mlops_lab.errors import nearest, shorten
from mlops_lab.evaluation.addresses import IN_MODULE
from mlops_lab.evaluation.changes import CHANGES, Change
from mlops_lab.evaluation.check import KINDS, Check
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.files import read_text, write_text
from mlops_lab.evaluation.hints import Parameter, fits, parameters_of, takes_change, wanted
from mlops_lab.evaluation.yaml_nodes import Place, dump, pairs, parse, to_plain

if TYPE_CHECKING:
    from mlops_lab.evaluation.suite import Suite

__all__ = ["Specification", "is_address", "read_specification", "read_suite", "suite_to_dict", "write_suite"]

KEYS = {"alpha": float, "seed": int, "checks": list, "model": str, "data": str, "target": str}
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # models:/…, s3://…; one letter would be a drive


@dataclass(frozen=True)
class Specification:
    """What a suite file says.

    Parameters
    ----------
    suite : Suite
        The checks.
    model : str, optional
        Address or file of the model; a file is given from the folder of the suite file.
    data : str, optional
        Address or file of the rows; a file is given from the folder of the suite file.
    target : str, optional
        Column that holds what should have been predicted.
    """

    suite: Suite
    model: str | None = None
    data: str | None = None
    target: str | None = None


def read_suite(path: str | Path) -> Suite:
    """Read the suite of a YAML file.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    Suite
        With its checks.

    Raises
    ------
    EvaluationError
        Where the file cannot be read or says something that is not understood; the sentence names the line.
    """
    return read_specification(path).suite


def read_specification(path: str | Path) -> Specification:
    """Read a YAML file whole: the suite, and which model and data it is about.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    Specification
        What it says.

    Raises
    ------
    EvaluationError
        Where the file cannot be read or says something that is not understood; the sentence names the line.
    """
    path = Path(path).expanduser()
    return specification_from(read_text(path), path)


def specification_from(text: str, path: Path) -> Specification:
    """Understand the text of a suite file."""
    from mlops_lab.evaluation.suite import Suite

    place = Place(path.name)
    root = parse(text, place)
    if not isinstance(root, MappingNode):
        raise place.error(1, "A suite file is a mapping with a list of checks; begin with 'checks:'.")
    nodes = dict(named(root, list(KEYS), "key", place))
    if "checks" not in nodes:
        raise place.error(root, "The file has no checks; add 'checks:' with a list of them.")
    if not isinstance(nodes["checks"], SequenceNode):
        raise place.error(nodes["checks"], "'checks' is no list; begin each check with '- '.")
    checks = [build(node, KINDS, "check", place) for node in nodes["checks"].value]
    plain = {name: given(name, node, KEYS[name], place) for name, node in nodes.items() if name != "checks"}
    try:
        suite = Suite(checks, **{name: plain[name] for name in ("alpha", "seed") if name in plain})
    except EvaluationError as error:
        at = next((name for name in ("alpha", "seed") if str(error).startswith(f"{name} is ")), "checks")
        raise place.error(nodes[at], str(error)) from error
    files = {name: beside(path, plain[name], name) for name in ("model", "data") if name in plain}
    return Specification(suite, **files, target=plain.get("target"))


def beside(path: Path, name: str, what: str) -> str:
    """Take a file name as from the folder of the suite file; an address stays as it is."""
    return name if is_address(name, what) else str(path.parent / Path(name).expanduser())


def is_address(name: str, what: str) -> bool:
    """Tell an address from a file.

    Parameters
    ----------
    name : str
        What was given.
    what : {"model", "data"}
        Of what it is: only a model can lie in a module, as ``module:name``.

    Returns
    -------
    bool
        Whether it is the same seen from every folder.

    Examples
    --------
    >>> is_address("m:income", "model"), is_address("her_models:income", "model"), is_address("C:/income", "model")
    (True, True, False)
    """
    return bool(ADDRESS.match(name) or (what == "model" and IN_MODULE.fullmatch(name)))


def build(node: Node, kinds: Mapping[str, type], what: str, place: Place) -> Any:
    """Make a check or a change from a mapping of its kind to its parameters."""
    if not isinstance(node, MappingNode) or len(node.value) != 1:
        example = "'- calibration: {max_error: 0.03}'" if what == "check" else "'noise: {column: age, sd: 0.1}'"
        raise place.error(node, f"A {what} is one name with its parameters, such as {example}.")
    ((kind, content),) = named(node, list(kinds), what, place)
    parameters = {parameter.name: parameter for parameter in parameters_of(kinds[kind])}
    values = {}
    if isinstance(content, MappingNode):
        for name, value in named(content, list(parameters), f"parameter of {kind}", place):
            values[name] = parameter_value(parameters[name], value, place)
    elif to_plain(content, place) is not None:
        raise place.error(content, f"The parameters of {kind} are no mapping; write them as 'name: value'.")
    missing = [name for name, parameter in parameters.items() if parameter.required and name not in values]
    if missing:
        raise place.error(node, f"{kind} needs {shorten(missing)}; add it.")
    try:
        return kinds[kind](**values)
    except EvaluationError as error:
        raise place.error(node, str(error)) from error
    except Exception as error:  # a check of the user's own may raise anything
        raise place.error(node, f"{kind} cannot be made: {type(error).__name__}: {error}") from error


def named(node: MappingNode, known: Sequence[str], what: str, place: Place) -> list[tuple[str, Node]]:
    """Return keys and values of a mapping, and refuse a key that is not known."""
    found = []
    for key, value in pairs(node, place):
        name = to_plain(key, place)
        if name not in known:
            close = nearest(str(name), known, count=1)
            hint = f"did you mean {close[0]!r}?" if close else f"choose one of {shorten(known, 20)}."
            raise place.error(key, f"There is no {what} {name!r}; {hint}")
        found.append((name, value))
    return found


def parameter_value(parameter: Parameter, node: Node, place: Place) -> Any:
    """Read the value of one parameter, changes of the inputs included."""
    if takes_change(parameter.hint):
        if isinstance(node, SequenceNode):
            return tuple(build(item, CHANGES, "change", place) for item in node.value)
        if isinstance(node, MappingNode):
            return build(node, CHANGES, "change", place)
    return given(parameter.name, node, parameter.hint, place)


def given(name: str, node: Node, hint: Any, place: Place) -> Any:
    """Read a plain value and refuse one of the wrong type."""
    value = to_plain(node, place)
    if not fits(value, hint):
        raise place.error(node, f"{name} is {value!r}; give {wanted(hint)}.")
    return value


def write_suite(suite: Suite, path: str | Path) -> Path:
    """Write a suite as YAML, from which `read_suite` makes an equal one.

    Parameters
    ----------
    suite : Suite
        What to write. Level and seed are always written, since verdicts depend on them; of the checks, what differs
        from the defaults.
    path : path
        Where to.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    EvaluationError
        Where a check holds a function or another object that a file cannot hold, or the file cannot be written.
    """
    return write_text(path, dump(suite_to_dict(suite, strict=True)))


def suite_to_dict(suite: Suite, strict: bool = False) -> dict[str, Any]:
    """Turn a suite into plain data.

    Parameters
    ----------
    suite : Suite
        The suite.
    strict : bool, default False
        Refuse a function or an object of the user's own; otherwise its name is put in its place.

    Returns
    -------
    dict
        As in YAML.

    Raises
    ------
    EvaluationError
        Where ``strict`` and a check holds what a file cannot hold.
    """
    checks = [one_to_dict(check, name, strict) for check, name in zip(suite.checks, suite.names, strict=True)]
    return {"alpha": suite.alpha, "seed": suite.seed, "checks": checks}


def one_to_dict(one: Check | Change, owner: str, strict: bool) -> dict[str, Any]:
    """Turn a check or a change into a mapping of its kind to what differs from the defaults."""
    kind = one.method if isinstance(one, Check) else one.kind
    registered = KINDS if isinstance(one, Check) else CHANGES
    if strict and registered.get(kind) is not type(one):
        raise EvaluationError(f"{owner}: {type(one).__name__} cannot be written, since no kind {kind!r} reads it back.")
    defaults = {parameter.name: parameter.default for parameter in parameters_of(type(one))}
    content = {}
    for parameter in fields(one):
        value = getattr(one, parameter.name)
        if parameter.init and not same(value, defaults[parameter.name]):
            content[parameter.name] = plain_value(value, f"{owner}: {parameter.name}", strict)
    return {kind: content}


def same(value: Any, default: Any) -> bool:
    """Whether a value is its default; False where that cannot be told."""
    try:
        return type(value) is type(default) and bool(value == default)
    except Exception:  # arrays and the like
        return False


def plain_value(value: Any, owner: str, strict: bool) -> Any:
    """Turn the value of a parameter into plain data."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Change):
        return one_to_dict(value, owner, strict)
    if isinstance(value, Mapping):
        return {plain_value(key, owner, strict): plain_value(item, owner, strict) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain_value(item, owner, strict) for item in value]
    name = getattr(value, "__qualname__", type(value).__qualname__)
    if strict:
        raise EvaluationError(
            f"{owner} holds {name}, which a file cannot hold; "
            "use a name or a built-in change, or keep the suite in Python."
        )
    return name
