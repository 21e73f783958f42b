"""What every check is made of.

A `Check` is what a user writes: a frozen dataclass of names and tolerances. Before a run it says what it must know of
the columns (`needs`), then `prepare` turns it into a `Procedure`, whose three functions never call the model and keep
nothing::

    requests(batch)                   -> the changed rows it wants to be predicted
    observe(batch, requests, answers) -> a small state; the states of two batches add up with +
    result(state)                     -> the Result

So the same check runs on a frame, on a stream and on a cluster. Randomness belongs to the check and to the row's
position.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from mlops_lab.evaluation.data import Batch, Schema
from mlops_lab.evaluation.errors import EvaluationError, NotApplicable
from mlops_lab.evaluation.model import Task
from mlops_lab.evaluation.plan import Answers
from mlops_lab.evaluation.profile import Needs, Profile
from mlops_lab.evaluation.randomness import RowRandom
from mlops_lab.evaluation.request import Request
from mlops_lab.evaluation.result import Result

__all__ = ["KINDS", "Check", "Procedure", "Setting", "State"]

KINDS: dict[str, type[Check]] = {}


class State(Protocol):
    """What a check keeps of a batch; adding is associative and commutative."""

    def __add__(self, other: Any) -> Any: ...


@dataclass(frozen=True)
class Setting:
    """What a check is told before it runs.

    Parameters
    ----------
    schema : Schema
        Names and types of the columns.
    profile : Profile
        What the check said it needs.
    task : {"classification", "regression"}
        What the model predicts.
    classes : ndarray of shape (classes,), optional
        Labels in the order of the probabilities; None for regression.
    has_probabilities : bool
        Whether the model gives probabilities.
    alpha : float
        One minus the level of the intervals.
    seed : int
        Of the suite.
    rows : int
        Rows of the data.
    check : str, default ""
        Name of the check, for its sentences.
    """

    schema: Schema
    profile: Profile
    task: Task
    classes: np.ndarray | None
    has_probabilities: bool
    alpha: float
    seed: int
    rows: int
    check: str = ""

    def require_probabilities(self, kind: str) -> None:
        """Refuse a model without probabilities.

        Parameters
        ----------
        kind : str
            The check, for the sentence.

        Raises
        ------
        NotApplicable
            Where the model has none.
        """
        if not self.has_probabilities:
            raise NotApplicable(
                f"{kind!r} needs probabilities, which this model does not give; pass a classifier with predict_proba."
            )

    @property
    def extras(self) -> dict[str, str]:
        """What a result must hold for words and pictures that tell values from decisions."""
        return {"answers": "values"} if self.task == "regression" else {}

    def positive_code(self, positive: Any = None) -> int:
        """Return the position of a class among the model's classes.

        Parameters
        ----------
        positive : label, optional
            By default ``classes_[1]``.

        Returns
        -------
        int
            Its position.

        Raises
        ------
        EvaluationError
            Where there is no such class, or more than two classes and none was named.
        """
        if self.classes is None:
            raise NotApplicable("The model predicts values, which have no positive class; leave positive= out.")
        labels = self.classes.tolist()
        of = f" of {self.check!r}" if self.check else ""
        if positive is None:
            if len(labels) != 2:
                raise EvaluationError(
                    f"The model has {len(labels)} classes; say which one is meant with positive={of}, one of {labels}."
                )
            return 1
        if positive not in labels:
            raise EvaluationError(
                f"The class positive={positive!r}{of} is not among the model's classes; choose one of {labels}."
            )
        return labels.index(positive)

    def random(self, key: str, batch: Batch) -> RowRandom:
        """Return the random numbers that belong to a check and to the rows of a batch.

        Parameters
        ----------
        key : str
            Names what is drawn; the same key gives the same numbers.
        batch : Batch
            Whose rows.

        Returns
        -------
        RowRandom
            Draws one number a row.
        """
        return RowRandom(self.seed, key, batch.start, batch.rows)


class Procedure(ABC):
    """A check made ready for one model and one table."""

    @abstractmethod
    def requests(self, batch: Batch) -> Sequence[Request]:
        """Say which changed rows are to be predicted; none where the check looks at the unchanged rows only."""

    @abstractmethod
    def observe(self, batch: Batch, requests: Sequence[Request], answers: Answers) -> State:
        """Reduce a batch to a small state."""

    @abstractmethod
    def result(self, state: Any) -> Result:
        """Turn the state of all rows into a result; its verdict is not yet corrected for the other checks."""


@dataclass(frozen=True, kw_only=True)
class Check(ABC):
    """What a user writes; see the subclasses.

    Parameters
    ----------
    name : str, optional
        By default the kind and what it looks at, such as ``invariance:sex``.
    """

    method: ClassVar[str]
    name: str | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "method" in cls.__dict__:
            KINDS[cls.method] = cls

    @property
    @abstractmethod
    def target(self) -> str:
        """What it looks at, for names and tables."""

    @property
    def default_name(self) -> str:
        """Name where the user gave none."""
        return f"{self.method}:{self.target}" if self.target else self.method

    def needs(self, schema: Schema) -> Needs:
        """Say what must be known of the columns beforehand.

        Parameters
        ----------
        schema : Schema
            The columns.

        Returns
        -------
        Needs
            Nothing by default.

        Raises
        ------
        EvaluationError
            Where a column is not there or of the wrong kind.
        """
        return Needs()

    @abstractmethod
    def prepare(self, setting: Setting, name: str) -> Procedure:
        """Make the check ready, or refuse what cannot be done before anything is predicted.

        Parameters
        ----------
        setting : Setting
            Model, columns and level.
        name : str
            The check's name in its suite, which results carry and random numbers are tied to.

        Returns
        -------
        Procedure
            Ready to run.

        Raises
        ------
        EvaluationError
            Where the check cannot be made; the sentence says why.
        """
