"""The round trip of every exercise: untouched, solved, and wrong in each known way.

A notebook's cells are run once, in their order and in this process. An exercise cell is run several times, each time on
the names as the cells before left them: as it came, with each known wrong answer, and with the solution; the story goes
on with the solution. So the solved notebook is run to its end as well.
"""

from __future__ import annotations

import contextlib
import io
import linecache
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import nbformat
import pandas as pd
import pytest
from nbformat import NotebookNode

from mlops_lab import storage
from mlops_lab.lessons import Lesson
from mlops_lab.lessons.editions import exercise_of, outline_of, solve, strip
from mlops_lab.lessons.exercise import Exercise, State, Verdict, examine
from mlops_lab.lessons.outline import load, names

NOTEBOOKS = sorted(Path(__file__).parents[2].joinpath("notebooks").glob("*.ipynb"))
ODD = [
    None, 0, -1, 10**9, 2.5, float("nan"), True, False, "", "x", b"x", [], {}, [1], {"x": 1}, (None,), object(), int,
    len, pd.DataFrame(), pd.DataFrame({"a": [1]}), pd.Series([1.0]), Path("nowhere"), Path("/"), "nowhere.txt",
    lambda: None, lambda x: x, lambda *x, **y: None, lambda *x: True, lambda *x: False, lambda *x: "x",
]  # fmt: skip

pytestmark = pytest.mark.slow  # lesson 03 really measures


@dataclass
class Trip:
    """What came of each exercise of a notebook."""

    verdicts: dict[tuple[str, str], Verdict] = field(default_factory=dict)
    given: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)


def run(source: str, label: str, names: dict[str, Any]) -> None:
    linecache.cache[label] = (len(source), None, source.splitlines(keepends=True), label)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, label, "exec"), names)


def travel(notebook: NotebookNode, trip: Trip, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a notebook, its exercise cells in every variant."""
    outline = outline_of(notebook)
    variant = ""
    check = Lesson.check

    def watched(here: Lesson, name: str, answer: Any, /, **given: Any) -> None:
        check(here, name, answer, **given)
        if variant:
            verdict = here.verdict(name)
            assert verdict is not None
            trip.verdicts[name, variant] = verdict
            trip.given[name], trip.answers[name] = given, answer

    monkeypatch.setattr(Lesson, "check", watched)
    known: dict[str, Any] = {"__name__": "__main__"}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        label, name, variant = f"<{cell.id}>", exercise_of(cell), ""
        if name is None:
            run(cell.source, label, known)
            continue
        exercise = next(each for each in outline.exercises if each.name == name)
        answers = {"untouched": exercise.start, **{idea: wrong.code for idea, wrong in exercise.wrong.items()}}
        for idea, code in answers.items():
            variant = idea
            run(cell.source.replace(exercise.start, code), label, dict(known))
        variant = "solution"
        run(cell.source.replace(exercise.start, exercise.solution), label, known)


MADE: dict[str, Trip] = {}


@pytest.fixture
def trip(lesson: str, tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """Run the lesson's notebook once in this process, for the first test that asks."""
    path = NOTEBOOKS[0].parent / f"{lesson}.ipynb"
    if not path.exists():
        pytest.fail(f"Lesson {lesson} has no notebook.")
    if lesson not in MADE:
        MADE[lesson] = Trip()
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv("MLOPS_LAB_HOME", str(tmp_path_factory.mktemp("home")))
            monkeypatch.chdir(path.parent)
            # Fewer rounds: what an exercise says does not hang on the last digit, and nbval runs them all.
            monkeypatch.setattr(storage, "benchmark", partial(storage.benchmark, repeats=2))
            mpl.use("Agg")
            travel(nbformat.read(path, as_version=4), MADE[lesson], monkeypatch)
    return MADE[lesson]


def of(lesson: str, *values: Any, label: str) -> Any:
    """Make the parameters of one test; by its id, all of a lesson run in the process where its notebook was run."""
    return pytest.param(lesson, *values, id=f"{lesson}-{label}")


EACH = [of(name, exercise, label=exercise.name) for name in names() for exercise in load(name).exercises]
WRONG = [
    of(name, exercise, idea, label=f"{exercise.name}-{idea}")
    for name in names()
    for exercise in load(name).exercises
    for idea in exercise.wrong
]


@pytest.mark.parametrize(("lesson", "exercise"), EACH)
def test_the_untouched_exercise_is_not_attempted(trip: Trip, exercise: Exercise) -> None:
    assert trip.verdicts[exercise.name, "untouched"].state is State.NOT_ATTEMPTED


@pytest.mark.parametrize(("lesson", "exercise"), EACH)
def test_the_solution_is_correct_and_says_why(trip: Trip, exercise: Exercise) -> None:
    verdict = trip.verdicts[exercise.name, "solution"]
    assert verdict.state is State.CORRECT, verdict.because
    assert len(verdict.because) > 15


@pytest.mark.parametrize(("lesson", "exercise", "idea"), WRONG)
def test_each_known_wrong_answer_is_refused_with_its_own_reason(trip: Trip, exercise: Exercise, idea: str) -> None:
    verdict = trip.verdicts[exercise.name, idea]
    assert (verdict.state, verdict.idea) == (State.NOT_YET, idea), verdict.because
    reasons = [trip.verdicts[exercise.name, other].because for other in exercise.wrong]
    assert reasons.count(verdict.because) == 1


@pytest.mark.parametrize(("lesson", "exercise"), EACH)
def test_looking_again_says_the_same(trip: Trip, exercise: Exercise) -> None:
    again = examine(exercise, trip.answers[exercise.name], trip.given[exercise.name])
    assert again.state is State.CORRECT


@pytest.mark.parametrize(("lesson", "exercise"), EACH)
def test_odd_answers_are_refused_without_a_fault(trip: Trip, exercise: Exercise) -> None:
    for answer in ODD:
        if isinstance(answer, type(trip.answers[exercise.name])) and answer == trip.answers[exercise.name]:
            continue  # by chance the solution
        verdict = examine(exercise, answer, trip.given[exercise.name])
        assert verdict.state is not State.CORRECT, answer


@pytest.mark.parametrize(("lesson", "exercise"), EACH)
def test_no_message_gives_the_solution_away(trip: Trip, exercise: Exercise) -> None:
    said = [*exercise.hints[:2], *(trip.verdicts[exercise.name, idea].because for idea in exercise.wrong)]
    lines = {line.strip() for line in exercise.solution.splitlines()} - {
        line.strip() for line in exercise.start.splitlines()
    }
    for line in lines:
        assert len(line) < 10 or not any(line in message for message in said), line


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_editions_are_one_source(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert strip(notebook) == notebook, "the committed notebook is the learner's edition"
    solved = solve(notebook)
    assert strip(solved) == notebook
    assert solve(solved) == solved
    assert [cell.id for cell in solved.cells] == [cell.id for cell in notebook.cells]
    assert [cell.metadata for cell in solved.cells] == [cell.metadata for cell in notebook.cells]
    marked = sum("### BEGIN SOLUTION" in cell.source for cell in solved.cells)
    assert marked == len(outline_of(notebook).exercises)
