"""A lesson's exercises with what its notebook hands over, so that a test gives an answer and hears the verdict."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab import evaluation as ev
from mlops_lab.lessons.exercise import Exercise, Verdict, examine
from mlops_lab.lessons.outline import Outline, load, pick

Given = Mapping[str, Mapping[str, Any]]


class Judged:
    """The exercises of one lesson.

    Parameters
    ----------
    lesson : str
        Name of the lesson.
    variables : mapping of str to str
        By exercise: the name of what the learner writes.
    handed : callable
        Returns by exercise what the notebook hands to the check, and what else the learner's code knows by name.
    """

    def __init__(
        self, lesson: str, variables: Mapping[str, str], handed: Callable[[], tuple[Given, Mapping[str, Any]]]
    ) -> None:
        self.lesson, self.variables, self._handed = lesson, variables, handed

    @cached_property
    def outline(self) -> Outline:
        return load(self.lesson)

    @cached_property
    def handed(self) -> tuple[Given, Mapping[str, Any]]:
        return self._handed()

    def given(self, name: str) -> Mapping[str, Any]:
        return self.handed[0].get(name, {})

    def exercise(self, name: str) -> Exercise:
        return pick(self.outline.exercises, name, "exercise")

    def answered(self, name: str, code: str) -> Any:
        """Run the code of an answer as its cell would."""
        names: dict[str, Any] = {"ev": ev, "np": np, "pd": pd} | {**self.given(name)} | {**self.handed[1]}
        exec(code, names)
        return names[self.variables[name]]

    def solved(self, name: str) -> Any:
        return self.answered(name, self.exercise(name).solution)

    def verdict(self, name: str, answer: Any) -> Verdict:
        return examine(self.exercise(name), answer, self.given(name))
