"""What a run keeps of a batch: the state of every check, or why a check cannot go on."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.evaluation.check import Procedure
from mlops_lab.evaluation.data import Batch
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.fingerprint import DataFingerprint
from mlops_lab.evaluation.masking import mask
from mlops_lab.evaluation.model import encode_target
from mlops_lab.evaluation.plan import Answers, Plan
from mlops_lab.evaluation.probe import PROBE_ROWS, Probe
from mlops_lab.evaluation.request import Request

__all__ = ["Failure", "Observer", "Seen"]


@dataclass(frozen=True)
class Failure:
    """Why a check cannot go on.

    Parameters
    ----------
    sentence : str
        For the result.
    error : Exception, optional
        What was raised; None where it could not be carried from one process to another.
    """

    sentence: str
    error: Exception | None = None

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """Put an error into a sentence.

        Parameters
        ----------
        error : Exception
            Of the model, of a check or of a user's own change.

        Returns
        -------
        Failure
            The sentence of one of our own errors is said as it is; others are named; no secret of an address is in it.
        """
        said = str(error) if isinstance(error, EvaluationError) else f"{type(error).__name__}: {error}"
        return cls(mask(said), error)

    def portable(self) -> Failure:
        """Return it without the error where that could not be sent to another process."""
        try:
            pickle.loads(pickle.dumps(self.error))
        except Exception:  # whatever a foreign class raises when it is taken apart and put together again
            return replace(self, error=None)
        return self


@dataclass(frozen=True)
class Seen:
    """What is kept of some rows; what is kept of two consecutive parts adds up.

    Parameters
    ----------
    states : tuple
        State of each check, or the `Failure` that stopped it, which stays however much is added.
    fingerprint : DataFingerprint
        Of the rows.
    rows_predicted : int
        Rows that the model was asked for.
    predict_seconds : float
        That this took, added up over all processes.
    """

    states: tuple[Any, ...]
    fingerprint: DataFingerprint = field(default_factory=DataFingerprint)
    rows_predicted: int = 0
    predict_seconds: float = 0.0

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.fingerprint.rows

    def portable(self) -> Seen:
        """Return it without the errors that could not be sent to another process; their sentences stay."""
        return replace(self, states=tuple(one.portable() if isinstance(one, Failure) else one for one in self.states))

    def __add__(self, other: Seen) -> Seen:
        return Seen(
            tuple(map(add_states, self.states, other.states)),
            self.fingerprint + other.fingerprint,
            self.rows_predicted + other.rows_predicted,
            self.predict_seconds + other.predict_seconds,
        )


def add_states(first: Any, second: Any) -> Any:
    """Add the states of one check; the first failure wins, as it does where batches are seen one after the other."""
    for state in (first, second):
        if isinstance(state, Failure):
            return state
    try:
        return first + second
    except Exception as error:  # such as too many rows for a metric that keeps them all
        return Failure.of(error)


@dataclass
class Observer:
    """Reduces a batch to what is kept of it: asks the model once, on behalf of all checks.

    Parameters
    ----------
    procedures : tuple of Procedure
        The checks, made ready.
    plan : Plan
        Asks the model; each batch gets a copy, so that several can be observed at once.
    probe : Probe
        What the model said before about the first rows; where it has not been tried, this is done with the first batch.
    """

    procedures: tuple[Procedure, ...]
    plan: Plan
    probe: Probe
    failed: dict[int, Failure] = field(default_factory=dict)

    def leave_out(self, seen: Seen) -> None:
        """Ask no more on behalf of the checks that have failed.

        Parameters
        ----------
        seen : Seen
            What is kept so far.
        """
        self.failed = {place: state for place, state in enumerate(seen.states) if isinstance(state, Failure)}

    def __call__(self, frame: pd.DataFrame, raw: np.ndarray, start: int) -> Seen:
        """Reduce a batch.

        Parameters
        ----------
        frame : DataFrame of shape (rows, columns)
            The rows.
        raw : ndarray of shape (rows,)
            Their target, as the user gave it.
        start : int
            Position of the first row in the whole data.

        Returns
        -------
        Seen
            What is kept.

        Raises
        ------
        EvaluationError
            Where the target cannot be used; what goes wrong beside that is kept as the failure of a check.
        """
        plan = self.plan.anew()
        states = self._observe(Batch(frame, encode_target(raw, plan.predictor, start), start), plan)
        self.plan.learn_from(plan)
        return Seen(
            tuple(states[place] for place in range(len(self.procedures))),
            DataFingerprint.of(frame, raw),
            plan.rows_predicted,
            plan.predict_seconds,
        )

    def _observe(self, batch: Batch, plan: Plan) -> dict[int, Any]:
        """Return the state or the failure of each check, by its place."""
        states: dict[int, Any] = dict(self.failed)
        asked: dict[int, Sequence[Request]] = {}
        broken: Failure | None = None
        for place, procedure in enumerate(self.procedures):
            if place not in states:
                try:
                    asked[place] = list(procedure.requests(batch))
                except Exception as error:  # of the check or of a user's own change
                    states[place] = Failure.of(error)
        try:
            answers = self._answers(batch, [request for requests in asked.values() for request in requests], plan)
        except Exception as error:  # the model cannot answer for the unchanged rows: no check can go on
            broken = Failure.of(error)
        if broken is not None:
            if not self.probe.is_tried:  # nor, maybe, for any: then the run ends here, as after a trial
                self._try(batch)
            return states | dict.fromkeys(asked, broken)
        offset = 0
        for place, requests in asked.items():
            mine = replace(answers, changed=answers.changed[offset : offset + len(requests)])
            offset += len(requests)
            states[place] = reduce_batch(self.procedures[place], batch, requests, mine)
        return states

    def _answers(self, batch: Batch, requests: Sequence[Request], plan: Plan) -> Answers:
        """Ask the model, and see of the first rows whether it answers as it did before."""
        answers = plan.ask(batch, requests, 0 if self.probe.is_tried else PROBE_ROWS)
        if not self.probe.is_tried:
            if answers.again is None:
                self._try(batch)
            else:
                self.probe = self.probe.tried(answers.again, plan.changes_input)
        if batch.start == 0:
            self.probe.check_repeats(answers.unchanged)
        return answers

    def _try(self, batch: Batch) -> None:
        """Ask the model for the first rows alone."""
        self.probe = self.probe.tried(self.plan.predictor(batch.frame.head(PROBE_ROWS).copy()))


def reduce_batch(procedure: Procedure, batch: Batch, requests: Sequence[Request], answers: Answers) -> Any:
    """Let one check reduce a batch to its state."""
    broken = next((answer for answer in answers.changed if isinstance(answer, Exception)), None)
    try:
        if broken is not None:
            raise broken
        return procedure.observe(batch, requests, answers)
    except Exception as error:  # shown as that check's verdict
        return Failure.of(error)
