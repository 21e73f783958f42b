"""Exercises: four states, and never "correct" for an answer that was not looked at."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_lab.errors import InputError
from mlops_lab.lessons.exercise import (
    Exercise,
    State,
    Verdict,
    Wrong,
    call,
    catches,
    correct,
    examine,
    not_yet,
    untouched,
    wrong,
)
from mlops_lab.lessons.raised import CheckError

WRONG = {
    "too_small": Wrong("answer = 1", "It is more than {value}."),
    "too_large": Wrong("answer = 3", "It is less."),
    "as_text": Wrong('answer = "2"', "It is a number."),
}


def exercise(judge: Callable[[Any, SimpleNamespace], Verdict], **changes: Any) -> Exercise:
    parts: dict[str, Any] = {"hints": ["a", "b", "c"], "wrong": WRONG, **changes}
    return Exercise("two", "Say two.", "answer = ...", "answer = 2", judge, **parts)


def judge_two(answer: Any, given: SimpleNamespace) -> Verdict:
    if isinstance(answer, str):
        return wrong("as_text")
    if answer == 1:
        return wrong("too_small", value=answer)
    return correct("Two it is.") if answer == 2 else not_yet("No.")


def learner(source: str) -> Any:
    """Return what a learner's cell defines as `answer`."""
    namespace: dict[str, Any] = {}
    exec(compile(source, "<cell>", "exec"), namespace)
    return namespace["answer"]


@pytest.mark.parametrize(
    ("answer", "state"),
    [(..., State.NOT_ATTEMPTED), (2, State.CORRECT), (7, State.NOT_YET), (None, State.NOT_YET)],
)
def test_states(answer: object, state: State) -> None:
    assert examine(exercise(judge_two), answer).state is state


def test_a_known_wrong_answer_is_told_its_own_reason() -> None:
    verdict = examine(exercise(judge_two), 1)
    assert (verdict.state, verdict.idea) == (State.NOT_YET, "too_small")
    assert "more than" in verdict.because
    assert examine(exercise(judge_two), "2").because == "It is a number."


@pytest.mark.parametrize(
    "source",
    [
        "answer = ...",
        "answer = {'a': ..., 'b': [..., ...]}",
        "answer = (..., ...)",
        "answer = lambda x: ...",
        "def answer(x): ...",
        "def answer(x): pass",
        "def answer(x):\n    'Documented.'",
        "def answer(x):\n    return",
        "def answer(x, *rest, y=1, **more):\n    '''Doc.'''\n    return ...",
    ],
)
def test_untouched_answers_never_reach_the_judge(source: str) -> None:
    def judge(answer: Any, given: SimpleNamespace) -> Verdict:
        raise AssertionError("the judge was called")

    assert examine(exercise(judge), learner(source)).state is State.NOT_ATTEMPTED


@pytest.mark.parametrize(
    "source",
    [
        "answer = {}",
        "answer = []",
        "answer = ''",
        "answer = None",
        "answer = print",
        "def answer(x): x",
        "def answer(x): return 0",
        "def answer(x):\n    y = 1",
        "def answer(x):\n    if x:\n        return None",
        "class answer: ...",
    ],
)
def test_touched_answers_are_attempts(source: str) -> None:
    assert not untouched(learner(source))


def test_half_filled_answers_name_what_is_open() -> None:
    verdict = examine(exercise(judge_two), {"logs": "csv", "report": ...})
    assert verdict.state is State.NOT_YET
    assert "report" in verdict.because
    assert "logs" not in verdict.because


def test_what_the_notebook_hands_over_reaches_the_judge() -> None:
    frame = pd.DataFrame({"a": [1]})
    seen = []
    examine(exercise(lambda answer, given: seen.append(given.frame) or correct("Yes.")), 2, {"frame": frame})
    assert seen[0] is frame


@pytest.mark.parametrize("through_call", [True, False])
def test_the_learners_error_is_told_with_her_line(through_call: bool) -> None:
    def judge(answer: Any, given: SimpleNamespace) -> Verdict:
        return correct("Yes.") if (call(answer, 1) if through_call else answer(1)) else not_yet("No.")

    verdict = examine(
        exercise(judge), learner("def helper(x):\n    return x + '1'\n\ndef answer(x):\n    return helper(x)")
    )
    assert verdict.state is State.RAISED
    assert "TypeError" in verdict.because
    assert "line 2" in verdict.because


def test_an_error_from_inside_a_library_is_told_with_the_learners_line() -> None:
    source = "import pandas as pd\n\ndef answer(x):\n    return pd.DataFrame({'a': [1]})['b']"
    verdict = examine(exercise(lambda answer, given: correct(str(call(answer, 1)))), learner(source))
    assert verdict.state is State.RAISED
    assert "KeyError" in verdict.because
    assert "line 4" in verdict.because


def test_a_model_that_was_not_fitted_is_the_learners_error() -> None:
    from sklearn.linear_model import LogisticRegression

    judge = lambda model, given: correct(str(call(model.predict, [[1.0]])))  # noqa: E731
    verdict = examine(exercise(judge), LogisticRegression())
    assert verdict.state is State.RAISED
    assert "NotFittedError" in verdict.because


def test_leaving_the_interpreter_is_told_and_does_not_happen() -> None:
    verdict = examine(exercise(lambda answer, given: correct(str(answer()))), learner("def answer():\n    exit()"))
    assert verdict.state is State.RAISED


def test_an_endless_loop_is_told_as_such() -> None:
    loop = learner("def answer():\n    while True:\n        pass")
    verdict = examine(exercise(lambda answer, given: correct(str(call(answer))), seconds=0.1), loop)
    assert verdict.state is State.RAISED
    assert "loop" in verdict.because


def test_an_interrupt_by_the_learner_passes_through() -> None:
    def judge(answer: Any, given: SimpleNamespace) -> Verdict:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        examine(exercise(judge), 2)


def test_a_fault_of_the_check_is_not_told_as_the_learners() -> None:
    with pytest.raises(CheckError, match="fault of the check"):
        examine(exercise(lambda answer, given: correct(str(1 / 0))), 2)


@pytest.mark.slow
@given(st.one_of(st.integers(), st.text(), st.lists(st.integers()), st.dictionaries(st.text(), st.integers())))
def test_looking_twice_says_the_same(answer: object) -> None:
    assert examine(exercise(judge_two), answer) == examine(exercise(judge_two), answer)


SIGNS = catches(
    mutants={"misses_minus": lambda: ([-1],), "misses_zero": lambda: ([1, 0],)},
    spares={"accuses_sound": lambda: ([1, 2],)},
    because="It caught {mutants} and spared {spares}.",
)
SIGNS_WRONG = {name: Wrong("", f"Reason {name}.") for name in ("misses_minus", "misses_zero", "accuses_sound")}


@pytest.mark.parametrize(
    ("source", "state", "idea"),
    [
        ("def answer(x): return any(i <= 0 for i in x)", State.CORRECT, ""),
        ("def answer(x):\n    assert all(i > 0 for i in x)\n    return False", State.CORRECT, ""),
        ("def answer(x): assert all(i > 0 for i in x)", State.CORRECT, ""),
        ("import numpy as np\ndef answer(x): return np.any(np.array(x) <= 0)", State.CORRECT, ""),
        ("def answer(x): return False", State.NOT_YET, "misses_minus"),
        ("def answer(x): return min(x) < 0", State.NOT_YET, "misses_zero"),
        ("def answer(x): return True", State.NOT_YET, "accuses_sound"),
        ("def answer(x): return 'yes'", State.NOT_YET, ""),
        ("def answer(x): return x.negative", State.RAISED, ""),
        ("answer = 7", State.NOT_YET, ""),
    ],
)
def test_a_test_must_catch_the_mutants_and_spare_the_rest(source: str, state: State, idea: str) -> None:
    verdict = examine(exercise(SIGNS, wrong=SIGNS_WRONG), learner(source))
    assert (verdict.state, verdict.idea) == (state, idea)


@pytest.mark.parametrize(("first", "order"), [("", "abc"), ("b", "bac"), ("c", "cab")])
def test_the_case_that_is_to_be_first_is_tried_first(first: str, order: str) -> None:
    tried: list[str] = []

    def test(case: str) -> bool:
        tried.append(case)
        return case != "c"

    judge = catches({"a": lambda: ("a",), "b": lambda: ("b",)}, {"c": lambda: ("c",)}, "Yes.", first)
    assert examine(exercise(judge), test).state is State.CORRECT
    assert "".join(tried) == order


@pytest.mark.parametrize(
    "changes",
    [
        {"hints": ["only one"]},
        {"wrong": {"one": Wrong("", "a"), "two": Wrong("", "b")}},
        {"wrong": {"one": Wrong("", "a"), "two": Wrong("", "b"), "three": Wrong("", "b")}},
    ],
)
def test_an_exercise_without_its_parts_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="two"):
        exercise(judge_two, **changes)
