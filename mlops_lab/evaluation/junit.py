"""A report as JUnit XML, which every CI server shows as tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from mlops_lab.evaluation.report import Report
    from mlops_lab.evaluation.result import Result

__all__ = ["to_junit"]

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0


def to_junit(report: Report) -> str:
    """Write a report as JUnit XML.

    Parameters
    ----------
    report : Report
        What to write.

    Returns
    -------
    str
        An XML document with one test case a check.
    """
    verdicts = [result.verdict for result in report.results]
    counts = {
        "tests": str(len(verdicts)),
        "failures": str(verdicts.count("fail") + verdicts.count("inconclusive")),
        "errors": str(verdicts.count("error")),
        "skipped": "0",
        "time": f"{report.seconds:.3f}",
    }
    root = ElementTree.Element("testsuites", {"name": "mlops_lab.evaluation", **counts})
    when = report.created.replace(microsecond=0, tzinfo=None).isoformat()
    suite = ElementTree.SubElement(root, "testsuite", {"name": "mlops_lab.evaluation", "timestamp": when, **counts})
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in run_properties(report).items():
        ElementTree.SubElement(properties, "property", {"name": name, "value": clean(value)})
    for result in report.results:
        add_case(suite, result)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def run_properties(report: Report) -> dict[str, str]:
    """Return what tells this run from others."""
    return {
        "verdict": report.verdict,
        "rows": str(report.rows),
        "partial": str(report.partial).lower(),
        "data": str(report.data.get("digest", "")),
        "model": str(report.model.get("digest", "")),
    }


def add_case(suite: ElementTree.Element, result: Result) -> None:
    """Add one check as a test case; the run asks the model once for all, so no check has a time of its own."""
    case = ElementTree.SubElement(
        suite, "testcase", {"classname": clean(result.kind), "name": clean(result.name), "time": "0"}
    )
    if result.passed:
        ElementTree.SubElement(case, "system-out").text = clean(result.explain())
        return
    tag = "error" if result.verdict == "error" else "failure"
    raised = type(result.error).__name__ if result.error is not None else result.verdict
    message = clean(repr(result) if result.verdict != "error" else result.explain())
    problem = ElementTree.SubElement(case, tag, {"type": raised, "message": message})
    problem.text = clean(result.explain())


def clean(text: str) -> str:
    """Replace what XML cannot hold."""
    return FORBIDDEN.sub("�", text)
