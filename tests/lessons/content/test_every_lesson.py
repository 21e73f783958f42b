"""What holds for each lesson: every solution passes, every known wrong answer is refused with its own reason."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlops_lab.lessons.exercise import State
from mlops_lab.lessons.quiz import Numeric

FILES = sorted(path.stem for path in Path(__file__).parent.glob("test_[0-9]*.py"))
MODULES = [import_module(f"{__name__.rpartition('.')[0]}.{file}") for file in FILES]
LESSONS = [module.JUDGED for module in MODULES]
SOLVED_SLOWLY = {"17_perturbation", "18_invariance", "21_confidence", "22_slices"}
REFUSED_SLOWLY = {*SOLVED_SLOWLY, "03_storage_formats", "20_calibration"}
ODD = [-1e9, float("nan"), "", "x", b"x", [], ["x"], {}, {"x": 1}, (None,), object(), len, pd.DataFrame(), np.arange(3)]


def each(slow):
    """Parametrize over the exercises of all lessons."""
    return [
        pytest.param(
            lesson,
            exercise,
            id=f"{lesson.lesson[:2]}-{exercise.name}",
            marks=[pytest.mark.slow] if lesson.lesson in slow else [],
        )
        for lesson in LESSONS
        for exercise in lesson.outline.exercises
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("lesson", "exercise"), each(slow=SOLVED_SLOWLY))
def test_untouched_is_not_attempted_and_solved_is_correct(lesson, exercise):
    untouched = lesson.answered(exercise.name, exercise.start)
    assert lesson.verdict(exercise.name, untouched).state is State.NOT_ATTEMPTED
    solved = lesson.verdict(exercise.name, lesson.solved(exercise.name))
    assert solved.state is State.CORRECT, solved.because


@pytest.mark.parametrize(
    ("lesson", "exercise", "idea"),
    [
        pytest.param(*case.values, idea, id=f"{case.id}-{idea}", marks=case.marks)
        for case in each(slow=REFUSED_SLOWLY)
        for idea in case.values[1].wrong
    ],
)
def test_each_wrong_idea_is_refused_with_its_own_reason(lesson, exercise, idea):
    answer = lesson.answered(exercise.name, exercise.wrong[idea].code)
    refused = lesson.verdict(exercise.name, answer)
    assert (refused.state, refused.idea) == (State.NOT_YET, idea), refused.because


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lesson", "name", "answer"),
    [
        pytest.param(module.JUDGED, name, answer, id=f"{module.JUDGED.lesson[:2]}-{name}-{place}")
        for module in MODULES
        for place, (name, answer) in enumerate(module.OTHER)
    ],
)
def test_other_answers_get_a_reason_too(lesson, name, answer):
    refused = lesson.verdict(name, answer)
    assert refused.state is State.NOT_YET
    assert len(refused.because) > 20


@pytest.mark.parametrize(
    ("lesson", "exercise"), [case for case in each(slow=()) if "= {" in case.values[1].start.splitlines()[0]]
)
def test_an_odd_part_of_an_answer_is_no_fault_of_the_check(lesson, exercise):
    answer = lesson.solved(exercise.name)
    for key in answer:
        for part in ODD:
            assert lesson.verdict(exercise.name, {**answer, key: part}).state is State.NOT_YET, (key, part)


@pytest.mark.parametrize("lesson", LESSONS, ids=FILES)
def test_no_near_miss_of_the_quiz_is_accepted(lesson):
    for question in lesson.outline.quiz:
        if isinstance(question, Numeric):
            assert question.mark(question.right).right
            assert not any(question.mark(near.value).right for near in question.near)
