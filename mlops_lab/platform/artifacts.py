"""The files of a report as MLflow's artifacts; loaded with MLflow only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlops_lab.errors import require
from mlops_lab.evaluation import Report

__all__ = ["HtmlArtifact", "ReportArtifact"]

Artifact: Any = require("mlflow.models", extra="mlflow").EvaluationArtifact


class HtmlArtifact(Artifact):
    """The page of a report; its content is the text.

    Parameters
    ----------
    uri : str
        Where it lies.
    content : str, optional
        The page.
    """

    def _load_content_from_file(self, local_artifact_path: str) -> str:
        return Path(local_artifact_path).read_text(encoding="utf-8")

    def _save(self, output_artifact_path: str) -> None:
        Path(output_artifact_path).write_text(self.content, encoding="utf-8")


class ReportArtifact(Artifact):
    """The report itself, as JSON where it is stored.

    Parameters
    ----------
    uri : str
        Where it lies.
    content : Report, optional
        The report.
    examples : bool, default False
        Whether a copy holds the worst rows too.
    """

    def __init__(self, uri: str, content: Report | None = None, examples: bool = False) -> None:
        super().__init__(uri, content)
        self.examples = examples

    def _load_content_from_file(self, local_artifact_path: str) -> Report:
        return Report.from_json(local_artifact_path)

    def _save(self, output_artifact_path: str) -> None:
        self.content.to_json(output_artifact_path, examples=self.examples)
