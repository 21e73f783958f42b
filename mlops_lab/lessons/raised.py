"""Whose line raised? What a learner sees of an error is her own line, not the way through this package or a library."""

from __future__ import annotations

import linecache
import sysconfig
import traceback
from dataclasses import dataclass
from pathlib import Path

from mlops_lab.errors import MlopsLabError
from mlops_lab.i18n import gettext as _

__all__ = ["CheckError", "LearnerError", "LearnerLine", "learner_line"]

_PACKAGE = str(Path(__file__).parents[1])
_NOT_HERS = (
    _PACKAGE,
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    "<frozen",
)


class LearnerError(Exception):
    """An error that a learner's object raised while it was being checked.

    Parameters
    ----------
    error : Exception
        What it raised.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class CheckError(MlopsLabError):
    """A check could not look at an answer: the check is at fault, not the learner.

    Parameters
    ----------
    exercise : str
        Name of the exercise.
    error : BaseException
        What went wrong in the check.
    """

    def __init__(self, exercise: str, error: BaseException) -> None:
        super().__init__(
            _(
                "The check of {exercise!r} could not look at this answer ({problem}). That is a fault of the check, "
                "not of your answer; please report it."
            ).format(exercise=exercise, problem=f"{type(error).__name__}: {error}")
        )


@dataclass(frozen=True, slots=True)
class LearnerLine:
    """The last of the learner's own lines that an error went through.

    Parameters
    ----------
    number : int or None
        Line in its cell or file; None where no line of hers was met.
    source : str
        The line itself; empty where it cannot be read any more.
    """

    number: int | None
    source: str

    def describe(self, error: BaseException) -> str:
        """Say which error, and where.

        Parameters
        ----------
        error : BaseException
            What was raised.

        Returns
        -------
        str
            One sentence.
        """
        name, message = type(error).__name__, _one_line(str(error))
        if self.number is None:
            return _("`{error}`: {message}").format(error=name, message=message)
        if not self.source:
            return _("`{error}` in line {line}: {message}").format(error=name, line=self.number, message=message)
        return _("`{error}` in line {line}, `{source}`: {message}").format(
            error=name, line=self.number, source=self.source, message=message
        )

    def describe_endless(self, seconds: float) -> str:
        """Say that the code did not come to an end, and where it was.

        Parameters
        ----------
        seconds : float
            The time limit.

        Returns
        -------
        str
            One sentence.
        """
        if self.number is None or not self.source:
            return _("It still ran after {seconds:g} seconds; does a loop never end?").format(seconds=seconds)
        return _("It still ran after {seconds:g} seconds, in line {line}, `{source}`; does a loop never end?").format(
            seconds=seconds, line=self.number, source=self.source
        )


def learner_line(error: BaseException, judge: object = None) -> LearnerLine:
    """Find the learner's own line in an error's traceback.

    Parameters
    ----------
    error : BaseException
        The error, with its traceback.
    judge : callable, optional
        The judge that looked at the answer; the lines of its file are not hers either.

    Returns
    -------
    LearnerLine
        The innermost line that is neither this package's, nor a library's, nor Python's.
    """
    judges = getattr(getattr(judge, "__code__", None), "co_filename", None)
    for frame, number in reversed(list(traceback.walk_tb(error.__traceback__))):
        file = frame.f_code.co_filename
        if file != judges and not file.startswith(_NOT_HERS):
            return LearnerLine(number, linecache.getline(file, number, frame.f_globals).strip().replace("`", "'"))
    return LearnerLine(None, "")


def _one_line(message: str, limit: int = 300) -> str:
    line = " ".join(message.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
