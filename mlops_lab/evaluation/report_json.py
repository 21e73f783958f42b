"""A report as JSON, and back."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.record import decode, decode_frame, encode, encode_frame
from mlops_lab.evaluation.report import Report
from mlops_lab.evaluation.result import SIGNS, Result, Words

__all__ = ["SCHEMA_VERSION", "from_json", "to_json"]

SCHEMA_VERSION = 1
FORMAT = "mlops_lab evaluation report"
TABLES = ("details", "examples")


def to_json(report: Report, examples: bool = False) -> str:
    """Write a report as JSON.

    Parameters
    ----------
    report : Report
        What to write.
    examples : bool, default False
        Whether to write the worst rows too.

    Returns
    -------
    str
        JSON, without the values that JSON does not know (such as NaN).
    """
    plain = {one.name: getattr(report, one.name) for one in fields(report) if one.name not in ("results", "created")}
    content = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "verdict": report.verdict,
        "created": report.created.isoformat(),
        **{name: encode(value) for name, value in plain.items()},
        "results": [result_to_dict(result, examples) for result in report.results],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def result_to_dict(result: Result, examples: bool) -> dict[str, Any]:
    """Turn one result into plain data; what was raised is left out, since its sentence is among the notes."""
    kept = [one.name for one in fields(result) if one.name not in ("error", "words", *TABLES)]
    return {
        **{name: encode(getattr(result, name)) for name in kept},
        "words": None if result.words is None else asdict(result.words),
        "details": encode_frame(result.details),
        "examples": encode_frame(result.examples) if examples else None,
    }


def from_json(text: str, place: str = "the text") -> Report:
    """Read a report.

    Parameters
    ----------
    text : str
        From `to_json`.
    place : str, default "the text"
        Where it comes from, for the sentence.

    Returns
    -------
    Report
        The same report.

    Raises
    ------
    EvaluationError
        Where it is no report, or one of a newer version.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EvaluationError(f"{place!r} is no JSON ({error}); pass a file that Report.to_json wrote.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise EvaluationError(f"{place!r} is no evaluation report; pass a file that Report.to_json wrote.")
    version = content.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise EvaluationError(
            f"{place!r} has schema version {version} and this mlops_lab reads up to {SCHEMA_VERSION}; "
            "update mlops-lab to read it."
        )
    try:
        return report_from_dict(content)
    except Exception as error:  # whatever is wrong in a damaged or hostile file
        raise EvaluationError(f"{place!r} is a damaged report ({describe(error)}); write it again.") from error


def report_from_dict(content: dict[str, Any]) -> Report:
    """Build the report; every type is checked, so that nothing breaks later."""
    if content["schema_version"] != SCHEMA_VERSION:
        raise ValueError(f"schema version {content['schema_version']!r} is unknown")
    created = datetime.fromisoformat(typed(content["created"], str, "created"))
    versions = typed(content["versions"], dict, "versions")
    return Report(
        results=tuple(result_from_dict(one) for one in typed(content["results"], list, "results")),
        alpha=real(content["alpha"], "alpha"),
        seed=typed(content["seed"], int, "seed"),
        rows=typed(content["rows"], int, "rows"),
        rows_predicted=typed(content["rows_predicted"], int, "rows_predicted"),
        seconds=real(content["seconds"], "seconds"),
        predict_seconds=real(content["predict_seconds"], "predict_seconds"),
        partial=typed(content["partial"], bool, "partial"),
        notes=texts(content["notes"], "notes"),
        suite=typed(decode(content["suite"]), dict, "suite"),
        data=typed(decode(content["data"]), dict, "data"),
        model=typed(decode(content["model"]), dict, "model"),
        created=created if created.tzinfo else created.replace(tzinfo=UTC),
        versions={name: typed(version, str, "versions") for name, version in versions.items()},
    )


def result_from_dict(content: dict[str, Any]) -> Result:
    """Build one result."""
    words = content["words"]
    if content["verdict"] not in SIGNS:
        raise ValueError(f"the verdict {content['verdict']!r} is unknown")
    return Result(
        name=typed(content["name"], str, "name"),
        kind=typed(content["kind"], str, "kind"),
        target=typed(content["target"], str, "target"),
        metric=typed(content["metric"], str, "metric"),
        verdict=content["verdict"],
        estimate=real(content["estimate"], "estimate"),
        low=real(content["low"], "low"),
        high=real(content["high"], "high"),
        tolerance=real(content["tolerance"], "tolerance"),
        p_fail=real(content["p_fail"], "p_fail"),
        rows_needed=real(content["rows_needed"], "rows_needed"),
        larger_is_worse=typed(content["larger_is_worse"], bool, "larger_is_worse"),
        rows=typed(content["rows"], int, "rows"),
        details=decode_frame(content["details"]),
        examples=pd.DataFrame() if content["examples"] is None else decode_frame(content["examples"]),
        words=None if words is None else Words(**{key: typed(value, str, key) for key, value in words.items()}),
        notes=texts(content["notes"], "notes"),
        extras=typed(decode(content["extras"]), dict, "extras"),
    )


def typed(value: Any, kind: type, name: str) -> Any:
    """Refuse a value of another type."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{name} is no {kind.__name__}")
    return value


def real(value: Any, name: str) -> float:
    """Refuse what is no number."""
    value = decode(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} is no number")
    float(value)  # a whole number too large for it
    return value


def texts(value: Any, name: str) -> tuple[str, ...]:
    """Refuse what is no tuple of texts."""
    return tuple(typed(one, str, name) for one in typed(decode(value), tuple, name))


def describe(error: Exception) -> str:
    """Say what was found wrong."""
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)[:200] or type(error).__name__
