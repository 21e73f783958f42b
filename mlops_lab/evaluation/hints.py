"""What a parameter of a check takes, read from its type: as a test, in words, and as JSON Schema."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from mlops_lab.evaluation.changes import CHANGES, Change

__all__ = ["Parameter", "fits", "json_type", "parameters_of", "takes_change", "wanted"]

PLAIN: dict[Any, tuple[str, str]] = {  # JSON Schema's name and ours
    str: ("string", "a text"),
    int: ("integer", "a whole number"),
    float: ("number", "a number"),
    bool: ("boolean", "true or false"),
    type(None): ("null", "null"),
}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a check or a change.

    Parameters
    ----------
    name : str
        Its name.
    hint : type
        What it takes.
    required : bool
        Whether it has no default.
    default : object
        What it is where it is not given.
    about : str
        What its docstring says.
    """

    name: str
    hint: Any
    required: bool
    default: Any
    about: str


def parameters_of(kind: type) -> list[Parameter]:
    """List the parameters of a check or a change.

    Parameters
    ----------
    kind : type
        A dataclass.

    Returns
    -------
    list of Parameter
        In the order of its signature, ``name`` last.

    Examples
    --------
    >>> from mlops_lab.evaluation.changes import Noise
    >>> [parameter.name for parameter in parameters_of(Noise)][:2]
    ['column', 'sd']
    """
    return list(read_parameters(kind))


@cache
def read_parameters(kind: type) -> tuple[Parameter, ...]:
    """Read the parameters of a class, once."""
    hints, about = get_type_hints(kind), descriptions(kind)
    listed = []
    for one in fields(kind):
        if not one.init:
            continue
        default = one.default_factory() if one.default_factory is not MISSING else one.default
        listed.append(Parameter(one.name, hints[one.name], default is MISSING, default, about.get(one.name, "")))
    return tuple(sorted(listed, key=lambda parameter: parameter.name == "name"))


def descriptions(kind: type) -> dict[str, str]:
    """Read what the docstrings of a class and its bases say of each parameter."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        text = inspect.cleandoc(base.__dict__.get("__doc__") or "")
        section = re.search(r"^Parameters\n-{3,}\n(.*?)(?=^\S[^\n]*\n-{3,}\n|\Z)", text, re.DOTALL | re.MULTILINE)
        if section is None:
            continue
        for names, about in re.findall(
            r"^(\w[\w, ]*?) :[^\n]*\n((?:[ \t]+[^\n]*\n?|\n)*)", section[1] + "\n", re.MULTILINE
        ):
            found |= dict.fromkeys(names.split(", "), " ".join(about.split()))
    return found


def takes_change(hint: Any) -> bool:
    """Say whether a parameter takes a change of the inputs, or several.

    Parameters
    ----------
    hint : type
        What it takes.

    Returns
    -------
    bool
        Whether it does.
    """
    if isinstance(hint, type) and not get_origin(hint):
        return issubclass(hint, Change)
    return any(takes_change(part) for part in get_args(hint) if part is not Ellipsis)


def fits(value: Any, hint: Any) -> bool:
    """Test plain data against what a parameter takes.

    Parameters
    ----------
    value : object
        From YAML.
    hint : type
        What the parameter takes.

    Returns
    -------
    bool
        Whether it can be meant.

    Examples
    --------
    >>> fits(["a", "b"], Sequence[str]), fits("ab", Sequence[str]), fits(1, float), fits(True, float)
    (True, False, True, False)
    """
    origin, inner = get_origin(hint) or hint, get_args(hint)
    if origin in (Union, types.UnionType):
        return any(fits(value, part) for part in inner)
    if origin is Literal:
        return any(value == option and type(value) is type(option) for option in inner)
    if origin is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if origin is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if origin in PLAIN:
        return isinstance(value, origin)
    if is_list(origin):
        return isinstance(value, list) and all(fits(item, inner[0]) for item in value if inner)
    if is_mapping(origin):
        return isinstance(value, dict) and all(
            fits(k, inner[0]) and fits(v, inner[1]) for k, v in value.items() if inner
        )
    if origin is Hashable:
        return not isinstance(value, (list, dict))
    return origin in (Any, object)


def wanted(hint: Any) -> str:
    """Say in words what a parameter takes.

    Parameters
    ----------
    hint : type
        What the parameter takes.

    Returns
    -------
    str
        For a sentence after "give".

    Examples
    --------
    >>> wanted(str | Sequence[str]), wanted(Literal["a", "b"] | None)
    ('a text or a list', "'a' or 'b' or null")
    """
    origin, inner = get_origin(hint) or hint, get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(wanted(part) for part in inner if writable(part)))
    if origin is Literal:
        return " or ".join(repr(option) for option in inner)
    if origin in PLAIN:
        return PLAIN[origin][1]
    if is_list(origin):
        return "a list"
    if is_mapping(origin):
        return "a mapping"
    return "a change" if takes_change(hint) else "a text or a number"


def json_type(hint: Any) -> dict[str, Any]:
    """Write what a parameter takes as JSON Schema.

    Parameters
    ----------
    hint : type
        What the parameter takes.

    Returns
    -------
    dict
        A schema.

    Examples
    --------
    >>> json_type(Sequence[float])
    {'type': 'array', 'items': {'type': 'number'}}
    """
    origin, inner = get_origin(hint) or hint, get_args(hint)
    if origin in (Union, types.UnionType):
        options = [json_type(part) for part in inner if writable(part)]
        return options[0] if len(options) == 1 else {"anyOf": options}
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in PLAIN:
        return {"type": PLAIN[origin][0]}
    if is_list(origin):
        return {"type": "array", "items": json_type(inner[0]) if inner else {}}
    if is_mapping(origin):
        return {"type": "object"}
    if takes_change(hint):
        return {"$ref": "#/$defs/change"}
    return {"type": ["string", "number", "boolean"]} if origin is Hashable else {}


def is_list(origin: Any) -> bool:
    """Whether a type is that of lists; a text is none."""
    return isinstance(origin, type) and issubclass(origin, Sequence) and origin is not str


def is_mapping(origin: Any) -> bool:
    """Whether a type is that of mappings."""
    return isinstance(origin, type) and issubclass(origin, Mapping)


def writable(hint: Any) -> bool:
    """Whether a file can hold such values: a function cannot be written down."""
    origin = get_origin(hint) or hint
    if isinstance(origin, type) and issubclass(origin, Change):
        return bool(CHANGES)
    return origin is not Callable and not (isinstance(origin, type) and issubclass(origin, Callable))  # type: ignore[arg-type]
