"""Exercises: a task, a judge that looks at the answer, three hints, the solution, and the wrong answers that are known.

A check ends in one of four states and no other: *not attempted*, *your code raised*, *not yet: because …*, *correct:
because …*. An answer is **not attempted** when it is ``...`` (Ellipsis), a function whose body does nothing, or a
container that holds only such; the judge never sees it. A judge never says "correct" for what it did not look at: it
returns `correct` on one line only, after everything else was refused.
"""

from __future__ import annotations

import dis
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Any

from mlops_lab.errors import InputError
from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.limits import TimeIsUp, run_limited
from mlops_lab.lessons.raised import CheckError, LearnerError, learner_line
from mlops_lab.lessons.words import fill

__all__ = [
    "Exercise",
    "State",
    "Verdict",
    "Wrong",
    "call",
    "catches",
    "correct",
    "examine",
    "not_yet",
    "open_parts",
    "wrong",
]


class State(StrEnum):
    """The four states of an exercise."""

    NOT_ATTEMPTED = "not attempted"
    RAISED = "raised"
    NOT_YET = "not yet"
    CORRECT = "correct"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says.

    Parameters
    ----------
    state : State
        One of the four.
    because : str
        Why; a whole sentence, also after success.
    idea : str, default ""
        Name of the known wrong idea that was met, where it was one; an instructor counts them.
    values : mapping, optional
        What fills the gaps of the known idea's reason.
    """

    state: State
    because: str
    idea: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wrong:
    """An answer that learners really give, and what they must be told.

    Parameters
    ----------
    code : str
        The answer, written where the solution would stand.
    because : str
        What is wrong with the idea behind it. Gaps are filled by the judge, see `wrong`.
    """

    code: str
    because: str


Judge = Callable[[Any, types.SimpleNamespace], Verdict]


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise of a lesson.

    Parameters
    ----------
    name : str
        Name by which the notebook calls it.
    ask : str
        The task in a sentence or two.
    start : str
        The untouched code, exactly as it stands in the learner's notebook, such as ``"smallest = ..."``.
    solution : str
        The code that stands in its place once solved.
    judge : callable
        ``judge(answer, given) -> Verdict``, where ``given`` holds what the notebook handed to ``here.check`` beside the
        answer.
    hints : sequence of str
        Three, from vague to concrete.
    wrong : mapping of str to Wrong
        At least three known wrong answers, each with a reason of its own.
    seconds : float, default 10
        How long the judge and the learner's function may run together.

    Raises
    ------
    InputError
        Where there are not three hints, fewer than three wrong answers, or two with the same reason.
    """

    name: str
    ask: str
    start: str
    solution: str
    judge: Judge
    hints: Sequence[str]
    wrong: Mapping[str, Wrong]
    seconds: float = 10.0

    def __post_init__(self) -> None:
        if len(self.hints) != 3:
            raise InputError(
                f"Exercise {self.name!r} has {len(self.hints)} hints; write three, from vague to concrete."
            )
        reasons = {entry.because for entry in self.wrong.values()}
        if len(reasons) < 3 or len(reasons) < len(self.wrong):
            raise InputError(f"Exercise {self.name!r} needs at least three wrong answers, each with its own reason.")


def correct(because: str, /, **values: Any) -> Verdict:
    """Return the verdict *correct*, with the reason that makes the learner sure of it.

    Examples
    --------
    >>> correct("It is the smallest of {count}.", count=8).state
    <State.CORRECT: 'correct'>
    """
    return Verdict(State.CORRECT, fill(because, **values))


def not_yet(because: str, /, **values: Any) -> Verdict:
    """Return the verdict *not yet* for an answer whose idea has no name.

    Examples
    --------
    >>> not_yet("Write the name as text.").state
    <State.NOT_YET: 'not yet'>
    """
    return Verdict(State.NOT_YET, fill(because, **values))


def wrong(idea: str, /, **values: Any) -> Verdict:
    """Refuse the answer with the reason of a known wrong idea.

    Parameters
    ----------
    idea : str
        Key in the exercise's ``wrong``.
    **values
        What fills the gaps of its reason.

    Returns
    -------
    Verdict
        *Not yet*; `examine` puts the reason in.
    """
    return Verdict(State.NOT_YET, "", idea, values)


def call(function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Any:
    """Call what the learner made; whatever it raises is told as hers, also from inside a library.

    Parameters
    ----------
    function : callable
        A function or method of the learner's answer.
    *arguments, **named
        What it is called with.

    Returns
    -------
    object
        What it returns.
    """
    try:
        return function(*arguments, **named)
    except Exception as error:
        raise LearnerError(error) from error


def catches(
    mutants: Mapping[str, Callable[[], tuple[Any, ...]]],
    spares: Mapping[str, Callable[[], tuple[Any, ...]]],
    because: str,
    first: str = "",
) -> Judge:
    """Make the judge of an exercise "write a test".

    The learner's test is called with each mutant, which it must catch, and with each sound case, which it must spare.
    It catches by returning True or by a failed ``assert``.

    Parameters
    ----------
    mutants, spares : mapping of str to callable
        For each case a function without arguments that returns the arguments of the learner's test. The name of a case
        is the key in the exercise's ``wrong`` that says what it means to miss it (or to accuse it).
    because : str
        Why a test that catches all mutants and spares the rest is right; the gaps are ``mutants`` and ``spares``.
    first : str, optional
        Name of the case that is tried before all others, by default the first mutant: the one at which an idea that
        takes long is refused.

    Returns
    -------
    callable
        The judge.
    """

    def judge(test: Any, given: types.SimpleNamespace) -> Verdict:
        if not callable(test):
            return not_yet(_("the answer has to be a function; hand it over by its name, without parentheses."))
        for name in sorted({**mutants, **spares}, key=lambda name: name != first):
            caught = _caught(test, (mutants.get(name) or spares[name])())
            if caught is None:
                return not_yet(_("your test has to return True or False, or to use `assert`."))
            if caught != (name in mutants):
                return wrong(name)
        return correct(because, mutants=len(mutants), spares=len(spares))

    return judge


def _caught(test: Callable[..., Any], arguments: tuple[Any, ...]) -> bool | None:
    try:
        result = call(test, *arguments)
    except LearnerError as raised:
        if isinstance(raised.error, AssertionError):
            return True
        raise
    if result is None:
        return None if untouched(test) else False
    return bool(result) if type(result).__name__ in {"bool", "bool_"} else None


def untouched(answer: Any) -> bool:
    """Return whether an answer is still as the notebook came.

    Examples
    --------
    >>> untouched(...), untouched(lambda: ...), untouched({"logs": ..., "report": ...})
    (True, True, True)
    >>> untouched(None), untouched({"logs": "csv", "report": ...})
    (False, False)
    """
    if answer is Ellipsis:
        return True
    if isinstance(answer, types.FunctionType):
        return _does_nothing(answer)
    if isinstance(answer, dict):
        return bool(answer) and all(untouched(part) for part in answer.values())
    if isinstance(answer, list | tuple):
        return bool(answer) and all(untouched(part) for part in answer)
    return False


def open_parts(answer: Any) -> list[str]:
    """Return the names of the parts of an answer that are still to be written."""
    if isinstance(answer, dict):
        return [str(name) for name, part in answer.items() if part is Ellipsis]
    if isinstance(answer, list | tuple):
        return [str(place) for place, part in enumerate(answer, start=1) if part is Ellipsis]
    return []


def _does_nothing(function: types.FunctionType) -> bool:
    steps = [step for step in dis.get_instructions(function) if step.opname not in {"RESUME", "NOP"}]
    if steps[0].opname == "RETURN_CONST":
        return steps[0].argval in (None, ...)
    return [step.opname for step in steps] == ["LOAD_CONST", "RETURN_VALUE"] and steps[0].argval in (None, ...)


def examine(exercise: Exercise, answer: Any, given: Mapping[str, Any] | None = None) -> Verdict:
    """Look at an answer and say one of the four states.

    Parameters
    ----------
    exercise : Exercise
        The exercise.
    answer : object
        What the learner made: a value, a DataFrame, a function, a fitted model, or the path of a file.
    given : mapping, optional
        What the notebook hands to the judge beside the answer.

    Returns
    -------
    Verdict
        State and reason.

    Raises
    ------
    CheckError
        Where the check itself is at fault: a bug must not look like a finding.
    """
    if untouched(answer):
        return Verdict(State.NOT_ATTEMPTED, _("Nothing was written yet in place of the three dots."))
    if answer is None:
        return not_yet(_("The answer is `None`; does a `return` miss, or is the result of the last step not kept?"))
    if still_open := open_parts(answer):
        return Verdict(State.NOT_YET, _("Some parts are still open: {parts}.").format(parts=", ".join(still_open)))
    look = partial(exercise.judge, answer, types.SimpleNamespace(**(given or {})))
    try:
        verdict = run_limited(look, exercise.seconds)
    except TimeIsUp as error:
        line = learner_line(error, exercise.judge)
        return Verdict(State.RAISED, line.describe_endless(exercise.seconds))
    except LearnerError as raised:
        line = learner_line(raised.error, exercise.judge)
        return Verdict(State.RAISED, line.describe(raised.error))
    except (Exception, SystemExit) as error:
        line = learner_line(error, exercise.judge)
        if line.number is None:
            raise CheckError(exercise.name, error) from error
        return Verdict(State.RAISED, line.describe(error))
    if verdict.idea:
        return replace(verdict, because=fill(exercise.wrong[verdict.idea].because, **verdict.values))
    return verdict
