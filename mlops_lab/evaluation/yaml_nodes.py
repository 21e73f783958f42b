"""YAML with line numbers and without its traps.

Only mappings, lists and scalars are read: no anchors, aliases and tags, which could hide things or build objects.
Scalars follow YAML 1.2, where ``no`` and ``on`` are texts and ``1e-3`` is a number; what is written is quoted wherever
a reader of either version could take it for something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from mlops_lab.evaluation.errors import EvaluationError

__all__ = ["Place", "dump", "dump_line", "parse", "to_plain"]

SCALARS = {  # by tag: pattern and possible first letters
    "null": (r"~|null|Null|NULL|", "~nN"),
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    "float": (
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
}


DEEPEST = 50  # a suite has a few levels
BREAKS = re.compile("[\r\x85\u2028\u2029\ufeff]")


class Loader(yaml.SafeLoader):
    """Resolves scalars as YAML 1.2 does."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own way


class Dumper(yaml.SafeDumper):
    """Quotes what YAML 1.1 or 1.2 would take for something else than text."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out, since aliases are not read."""
        return True


def quote_breaks(dumper: Dumper, text: str) -> ScalarNode:
    """Write line breaks other than the usual one as escapes, since they would be read back as that one."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if BREAKS.search(text) else None)


Dumper.add_representer(str, quote_breaks)
Dumper.add_representer(None, lambda dumper, data: quote_breaks(dumper, str(data)))  # nothing breaks a page
for tag, (pattern, letters) in SCALARS.items():
    for side in (Loader, Dumper):
        first = [*letters, ""] if tag == "null" else list(letters)
        side.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), first)


class Place:
    """Where in which file something stands, for sentences.

    Parameters
    ----------
    file : str
        Name of the file.
    """

    def __init__(self, file: str) -> None:
        self.file = file

    def error(self, node: Node | int, sentence: str) -> EvaluationError:
        """Make the error that names file and line.

        Parameters
        ----------
        node : Node or int
            What is wrong, or its line from 1.
        sentence : str
            What is wrong with it, and what to do.

        Returns
        -------
        EvaluationError
            To be raised.
        """
        line = node if isinstance(node, int) else node.start_mark.line + 1
        return EvaluationError(f"{self.file}, line {line}: {sentence}")


def parse(text: str, place: Place) -> Node | None:
    """Parse YAML into nodes that know their lines.

    Parameters
    ----------
    text : str
        What the file holds.
    place : Place
        For sentences.

    Returns
    -------
    Node or None
        The root; None for an empty file.

    Raises
    ------
    EvaluationError
        Where it is no YAML, or uses anchors, aliases or tags.
    """
    depth = 0
    try:
        for event in yaml.parse(text, Loader=Loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise RecursionError
            if getattr(event, "anchor", None) is not None:
                raise place.error(event.start_mark.line + 1, "Anchors (&) and aliases (*) are not read; write it out.")
            if getattr(event, "tag", None) is not None:
                raise place.error(event.start_mark.line + 1, f"The tag {event.tag!r} is not read; leave it out.")
        return yaml.compose(text, Loader=Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise place.error(
            mark.line + 1 if mark else 1, f"This is no YAML: {error.problem or error.context}."
        ) from error
    except yaml.YAMLError as error:  # letters that may not stand in a file
        raise place.error(1, f"This is no YAML: {' '.join(str(error).split())}.") from error
    except RecursionError as error:
        raise place.error(1, "The file is nested too deeply; a suite has a few levels.") from error


def to_plain(node: Node, place: Place) -> Any:
    """Turn a node into numbers, texts, lists and dicts.

    Parameters
    ----------
    node : Node
        What was parsed.
    place : Place
        For sentences.

    Returns
    -------
    object
        Plain data.

    Raises
    ------
    EvaluationError
        Where a key repeats, is no scalar, or a number is too long.
    """
    if isinstance(node, SequenceNode):
        return [to_plain(item, place) for item in node.value]
    if isinstance(node, MappingNode):
        return {to_plain(key, place): to_plain(value, place) for key, value in pairs(node, place)}
    kind = node.tag.rpartition(":")[2]
    try:
        return scalar(kind, node.value)
    except ValueError as error:
        raise place.error(node, f"The number {node.value[:20]}… cannot be read ({error}).") from error


def scalar(kind: str, text: str) -> Any:
    """Read one scalar."""
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if kind == "float":
        return float(
            text.replace(".inf", "inf")
            .replace(".Inf", "inf")
            .replace(".INF", "inf")
            .replace(".n", "n")
            .replace(".N", "n")
        )
    return text


def pairs(node: MappingNode, place: Place) -> Iterator[tuple[Node, Node]]:
    """Yield keys and values, and refuse a key that repeats or is no scalar."""
    seen = set()
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            raise place.error(key, "A key is a list or a mapping; write a name.")
        name = to_plain(key, place)
        if name in seen:
            raise place.error(key, f"{name!r} stands here a second time; keep one of them.")
        seen.add(name)
        yield key, value


def dump(data: Any) -> str:
    """Write plain data as YAML.

    Parameters
    ----------
    data : object
        Numbers, texts, lists and dicts.

    Returns
    -------
    str
        YAML, with the innermost lists and mappings on one line.
    """
    return yaml.dump(data, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)


def dump_line(data: Any) -> str:
    """Write plain data as YAML on one line.

    Parameters
    ----------
    data : object
        Numbers, texts, lists and dicts.

    Returns
    -------
    str
        YAML without a line break.

    Examples
    --------
    >>> dump_line({"noise": {"column": "hours: a week", "sd": 0.1}})
    "{noise: {column: 'hours: a week', sd: 0.1}}"
    """
    text: str = yaml.dump(
        data, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=float("inf"), default_flow_style=True
    )
    return text.removesuffix("...\n").strip()
