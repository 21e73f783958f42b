"""What a suite file may hold, as JSON Schema, made from the checks themselves."""

from __future__ import annotations

import inspect
from typing import Any

from mlops_lab.evaluation.changes import CHANGES
from mlops_lab.evaluation.check import KINDS
from mlops_lab.evaluation.hints import Parameter, json_type, parameters_of
from mlops_lab.evaluation.specification import plain_value

__all__ = ["json_schema"]


def json_schema() -> dict[str, Any]:
    """Describe suite files as JSON Schema (draft 2020-12), with which editors complete and check them.

    Returns
    -------
    dict
        The schema.

    Examples
    --------
    >>> "alpha" in json_schema()["properties"]
    True
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Evaluation suite of mlops_lab",
        "type": "object",
        "additionalProperties": False,
        "required": ["checks"],
        "properties": {
            "alpha": {
                "type": "number",
                "exclusiveMinimum": 0,
                "exclusiveMaximum": 0.5,
                "default": 0.05,
                "description": "One minus the level of the intervals.",
            },
            "seed": {"type": "integer", "minimum": 0, "default": 0, "description": "Of all random changes."},
            "checks": {
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/$defs/check"},
                "description": "What to evaluate, in the order of the report.",
            },
            "model": {"type": "string", "description": "Address or file of the model; a file from this file's folder."},
            "data": {"type": "string", "description": "Address or file of the rows; a file from this file's folder."},
            "target": {"type": "string", "description": "Column that holds what should have been predicted."},
        },
        "$defs": {"check": one_of(KINDS), "change": one_of(CHANGES)},
    }


def one_of(kinds: dict[str, Any]) -> dict[str, Any]:
    """Describe a mapping with one key, the kind."""
    return {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {name: describe(kind) for name, kind in kinds.items()},
    }


def describe(kind: type) -> dict[str, Any]:
    """Describe the parameters of one check or change."""
    parameters = parameters_of(kind)
    required = [parameter.name for parameter in parameters if parameter.required]
    return {
        "type": "object" if required else ["object", "null"],
        "description": (inspect.getdoc(kind) or kind.__name__).split("\n\n")[0].replace("\n", " "),
        "additionalProperties": False,
        "required": required,
        "properties": {parameter.name: describe_parameter(parameter) for parameter in parameters},
    }


def describe_parameter(parameter: Parameter) -> dict[str, Any]:
    """Describe one parameter: its type, its default, what it is for."""
    described = json_type(parameter.hint)
    if parameter.about:
        described = described | {"description": parameter.about}
    if not parameter.required:
        described = described | {"default": plain_value(parameter.default, parameter.name, strict=False)}
    return described
