"""Tries a model on a few rows before the run: what it answers, and whether it leaves its input alone."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Hashable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.errors import shorten
from mlops_lab.evaluation.addresses import opened
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.mlflow_models import MlflowModel
from mlops_lab.evaluation.model import Outputs, Predictor, Task, as_predictor
from mlops_lab.evaluation.traits import decides_by_probability
from mlops_lab.i18n import gettext as _

__all__ = ["PROBE_ROWS", "Probe", "fitting_model", "probe_model"]

PROBE_ROWS = 256
"""The first rows, on which a model is tried."""


@dataclass(frozen=True)
class Probe:
    """A model that has been tried.

    Parameters
    ----------
    predictor : Predictor
        The model.
    outputs : Outputs
        What it said about the first rows; empty where it is yet to be tried.
    notes : tuple of str
        What the report must say of it.
    """

    predictor: Predictor
    outputs: Outputs = field(default_factory=lambda: Outputs(np.empty(0)))
    notes: tuple[str, ...] = ()

    @property
    def is_tried(self) -> bool:
        """Whether the model has been asked for the first rows."""
        return len(self.outputs) > 0

    def tried(self, outputs: Outputs, changes_input: bool = False) -> Probe:
        """Keep what the model said about the first rows.

        Parameters
        ----------
        outputs : Outputs
            The answers.
        changes_input : bool, default False
            Whether the model changed the rows that it was given.

        Returns
        -------
        Probe
            With the answers, and with a note on the input.
        """
        note = _("The model changes the frame it is given; it was given copies, so that the data stayed as they are.")
        return replace(self, outputs=outputs, notes=(*self.notes, note) if changes_input else self.notes)

    def check_repeats(self, again: Outputs) -> None:
        """Refuse a model that answers otherwise when it is asked again.

        Parameters
        ----------
        again : Outputs
            What it said in another call about these rows and more, or, of a short batch, about the first of them.

        Raises
        ------
        EvaluationError
            Where the answers differ by more than threads may change in the last digits.
        """
        both = slice(0, min(len(self.outputs), len(again)))
        first, second = self.outputs.take(both), again.take(both)
        if first.probabilities is None or second.probabilities is None:
            alike = np.allclose(first.decisions, second.decisions, rtol=1e-6, atol=1e-9)
        else:
            alike = np.allclose(first.probabilities, second.probabilities, rtol=1e-4, atol=1e-6)
        if not alike:
            raise EvaluationError(
                "The model gives different answers to the same rows; fix its random state, "
                "since no difference between two predictions would mean anything."
            )


def fitting_model(model: Any, rows: pd.DataFrame) -> Any:
    """Open a model that is named by its address, and refuse rows that its signature, if it has one, does not fit.

    Parameters
    ----------
    model : estimator, callable, or address
        As for `Suite.run`.
    rows : DataFrame
        The first rows.

    Returns
    -------
    object
        The model, which has not been asked.

    Raises
    ------
    EvaluationError
        Where it cannot be opened, or columns are missing, of another type, or not asked for.
    """
    model = opened(model)
    if isinstance(model, MlflowModel):
        model.check(rows)
    return model


def probe_model(
    model: Any, target: np.ndarray, rows: pd.DataFrame, task: Task | None = None, *, later: bool = False
) -> Probe:
    """Try a model on a few rows.

    Parameters
    ----------
    model : estimator, callable, or address
        As for `Suite.run`.
    target : ndarray of shape (rows,)
        Raw target of all rows.
    rows : DataFrame
        The first rows.
    task : {"classification", "regression"}, optional
        Where it cannot be seen.
    later : bool, default False
        Leave the trial to the first call, where nothing hangs on it: the model is of a kind that is known. For a model
        whose shortest call takes as long as that of thousands of rows, this halves what a small run takes.

    Returns
    -------
    Probe
        The model as `Predictor`, with its first answers.

    Raises
    ------
    EvaluationError
        Where the model cannot be used.
    """
    model = opened(model)
    notes = model.check(rows) if isinstance(model, MlflowModel) else ()
    predictor = as_predictor(model, target, rows, task)
    if isinstance(model, MlflowModel):
        predictor = replace(predictor, origin=model.origin)
        if predictor.answers == "labels":
            notes = (*notes, _("The MLflow model gives labels only: whatever needs probabilities cannot be checked."))
    if predictor.columns is not None:
        notes = (*notes, *note_on_columns(predictor.columns, rows))
    warn_about_threads()
    if later and predictor.has_probabilities and decides_by_probability(model):
        return Probe(predictor, notes=notes)
    given = rows.copy()
    outputs = predictor(given)
    probe = Probe(predictor, notes=notes).tried(outputs, changes_input=not given.equals(rows))
    if predictor.has_probabilities and hasattr(model, "predict") and not decides_by_probability(model):
        predictor = predictor.with_own_decision(model.predict, rows, outputs)
        if predictor.decide is not None:
            probe = replace(probe, predictor=predictor, outputs=predictor(rows.copy()))
    return probe


def note_on_columns(columns: Collection[Hashable], rows: pd.DataFrame) -> list[str]:
    """Say which columns of the data the model was not given."""
    extra = [str(name) for name in rows.columns if name not in columns]
    note = _("The model was fitted without {columns}; it was not given them.")
    return [note.format(columns=shorten(extra))] if extra else []


@cache
def warn_about_threads() -> None:
    """Warn once where numerical libraries start more threads than there are cores."""
    from joblib import cpu_count  # both come with scikit-learn; this one knows a container's share of the cores
    from threadpoolctl import threadpool_info

    cores = cpu_count()
    most = max((pool["num_threads"] for pool in threadpool_info()), default=1)
    if most > cores:
        warnings.warn(
            f"Numerical libraries start {most} threads on {cores} cores, which slows predictions; "
            f"set OMP_NUM_THREADS={cores} before Python starts.",
            stacklevel=2,
        )
