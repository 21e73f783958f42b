"""The notebooks as a reader meets them: whole, short, described, and without typed results."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from mlops_lab.lessons.editions import exercise_of
from mlops_lab.lessons.outline import load, names

NOTEBOOKS = sorted(Path(__file__).parents[2].joinpath("notebooks").glob("*.ipynb"))
SYLLABUS = {
    *(f"A{i}" for i in range(1, 6)), *(f"E{i}" for i in range(1, 7)), "I1", "I2", *(f"S{i}" for i in range(1, 15)),
    *(f"C{i}" for i in range(1, 7)), *(f"P{i}" for i in range(1, 5)), *(f"M{i}" for i in range(1, 6)),
    *(f"W{i}" for i in range(1, 7)),
}  # fmt: skip
TYPED_RESULT = re.compile(
    r"\d\s*(×|x\b|times\b|-?fold\b|MB\b|kB\b|KB\b|GB\b|bytes\b|ms\b|µs\b|seconds?\b|s\b|"
    r"%\s*(smaller|larger|faster|slower|less|more)\b)"
)

pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def calls(path: Path) -> list[tuple[str, Any]]:
    """Return each `here.method("name", …)` of a notebook as method and name."""
    return [
        (node.func.attr, node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None)
        for cell in cells(path, "code")
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "here"
    ]


def test_the_metadata_repeats_the_content(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    outline = load(path.stem)
    assert notebook.metadata["mlops_lab"] == outline.metadata()
    assert set(outline.covers) <= SYLLABUS
    assert notebook.metadata.kernelspec.name == "python3"
    assert cells(path, "markdown")[0].source.splitlines()[0] == f"# {outline.title}"
    assert "widgets" not in notebook.metadata


def test_cells_have_names_that_stay(path: Path) -> None:
    found = [cell.id for cell in nbformat.read(path, as_version=4).cells]
    assert len(set(found)) == len(found)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]+", name) for name in found), found


def test_every_part_of_the_content_is_in_the_story(path: Path) -> None:
    outline, called = load(path.stem), calls(path)
    for asked in outline.predictions:
        assert called.index(("predict", asked.name)) < called.index(("compare", asked.name))
    for asked in outline.asked_again:
        assert ("predict", asked.name) in called
        assert ("compare", asked.name) not in called
    for dial in outline.dials:
        assert ("dial", dial.name) in called
    assert ("quiz", None) in called or {("quiz", question.name) for question in outline.quiz} <= set(called)
    held = [exercise_of(cell) for cell in cells(path, "code") if exercise_of(cell)]
    assert held == [exercise.name for exercise in outline.exercises]


def test_cells_are_short_and_hide_nothing(path: Path) -> None:
    for cell in cells(path, "code"):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= 12, cell.id
        assert max(len(line) for line in lines) <= 120, cell.id
        tree = ast.parse(cell.source)  # a magic would not parse
        defines = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        assert not defines or "here.check(" in cell.source, f"{cell.id} defines a helper"


def test_paragraphs_are_short(path: Path) -> None:
    for cell in cells(path, "markdown"):
        for paragraph in re.split(r"\n\n|\n(?=- |\d+\. )", cell.source):
            assert "|" in paragraph or len(paragraph.split()) <= 80, (cell.id, paragraph)


def test_no_result_is_typed_by_hand(path: Path) -> None:
    """A claim of somebody else may be quoted, in a block quote or in italics; a result comes from a variable."""
    for cell in cells(path, "markdown"):
        own = "\n".join(line for line in cell.source.splitlines() if not line.startswith(">"))
        own = re.sub(r"\*[^*\n]+\*", "", own)
        assert not TYPED_RESULT.search(own), (cell.id, TYPED_RESULT.search(own))


def test_every_picture_is_described(path: Path) -> None:
    for cell in cells(path, "markdown"):
        assert not re.search(r"!\[\s*\]", cell.source), cell.id
    for cell in cells(path, "code"):
        for output in cell.outputs:
            data = output.get("data", {})
            assert not {"image/png", "image/jpeg", "image/svg+xml"} & set(data), f"{cell.id}: use here.picture"
            for image in re.findall(r"<img[^>]*>", data.get("text/html", "")):
                alt = re.search(r'alt="([^"]*)"', image)
                assert alt is not None, cell.id
                assert len(alt.group(1)) > 20, cell.id


def test_outputs_were_saved_and_can_be_read_without_a_kernel(path: Path) -> None:
    for cell in cells(path, "code"):
        assert cell.execution_count is not None, f"{cell.id} was not run"
        for output in cell.outputs:
            assert output.output_type in {"display_data", "execute_result"}, (cell.id, output.output_type)
            assert {"text/html", "text/plain"} == set(output.data), cell.id


def test_no_output_tells_about_the_machine(path: Path) -> None:
    for cell in cells(path, "code"):
        for output in cell.outputs:
            for text in output.data.values():
                assert not re.search(r"/(root|home|work|tmp|Users)/|127\.0\.0\.1|localhost:\d", text), cell.id


def test_links_lead_to_something(path: Path) -> None:
    texts = [cell.source for cell in cells(path, "markdown")]
    texts += [output.get("data", {}).get("text/html", "") for cell in cells(path, "code") for output in cell.outputs]
    for text in texts:
        for target in re.findall(r"\]\(([^)#]+)\)|href=\"([^\"#]+)\"", text):
            link = target[0] or target[1]
            assert re.match(r"https?://", link) or (path.parent / link).exists(), link


def test_it_is_a_lesson(path: Path) -> None:
    assert path.stem in names()
