"""A run that was stopped goes on where it was: the states of its checks in a file, written whole after some batches.

The file says of which suite, columns and model it is, and a fingerprint of the rows that it has seen, so that it is
refused for anything else. It holds counts and sums, and the worst rows of each check; only its owner may read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_lab import __version__
from mlops_lab.evaluation.data import Source
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.files import reason, require_writable, write_bytes
from mlops_lab.evaluation.fingerprint import DataFingerprint, model_fingerprint
from mlops_lab.evaluation.plan import Plan
from mlops_lab.evaluation.probe import Probe
from mlops_lab.evaluation.states import dump_states, load_states

if TYPE_CHECKING:
    from mlops_lab.evaluation.suite import Running

__all__ = ["Checkpoint", "identity"]

FORMAT = 1


@dataclass
class Checkpoint:
    """Where the states of a run are kept, and how far it had come.

    Parameters
    ----------
    path : Path
        The file.
    about : dict
        What the run is about; see `identity`.
    every : int, default 1
        Batches after which the states are written.
    batch_rows : int
        Rows of a batch; a run that goes on cuts the data as it was cut before, so that every sum is the same.
    done : int
        Rows that the states in the file have seen.
    """

    path: Path
    about: dict[str, Any]
    every: int = 1
    batch_rows: int = 0
    done: int = 0
    _seen: DataFingerprint = field(default_factory=DataFingerprint)
    _since: int = 0
    _recognised: bool = False

    def restore(self, running: Iterable[Running], plan: Plan) -> None:
        """Take up the states of the file, where there is one.

        Parameters
        ----------
        running : iterable of Running
            The checks, which are given their states.
        plan : Plan
            Which is given its counts.

        Raises
        ------
        EvaluationError
            Where the file cannot be read or is about something else.
        """
        require_writable(self.path)
        if not self.path.exists():
            return
        checks = list(running)
        content = self._read({type(one.check).__module__ for one in checks})
        if content["about"] != self.about:
            differing = ", ".join(key for key, value in self.about.items() if content["about"].get(key) != value)
            raise EvaluationError(
                f"The checkpoint {str(self.path)!r} belongs to another run (it differs in {differing}); "
                "delete it to begin anew, or name another file."
            )
        for one, (state, sentence) in zip(checks, content["checks"], strict=True):
            one.state = state
            one.error = None if sentence is None else EvaluationError(sentence)
        plan.rows_predicted, plan.predict_seconds = content["rows_predicted"], content["predict_seconds"]
        self.batch_rows, self.done = content["batch_rows"], content["done"]
        self._seen = DataFingerprint(self.done, content["total"])

    def _read(self, modules: set[str]) -> dict[str, Any]:
        try:
            content = load_states(self.path.read_bytes(), modules)
            if content["format"] != FORMAT:
                raise ValueError("it has another format")
            return {key: content[key] for key in (*KEYS, "about", "checks")}
        except OSError as error:
            raise EvaluationError(f"The checkpoint {str(self.path)!r} cannot be read ({reason(error)}).") from error
        except Exception as error:  # whatever a damaged or foreign file leads to
            raise EvaluationError(
                f"The checkpoint {str(self.path)!r} cannot be used ({error}); delete it to begin anew."
            ) from error

    def holds(self, seen: DataFingerprint) -> bool:
        """Tell whether the states of the file hold all rows so far, and refuse other rows than those.

        Parameters
        ----------
        seen : DataFingerprint
            Of all rows so far, the present batch included.

        Returns
        -------
        bool
            Whether the present batch need not be looked at again.

        Raises
        ------
        EvaluationError
            Where the rows are not those that the states are about.
        """
        if seen.rows < self.done:
            return True
        if not self._recognised and self.done:
            if seen != self._seen:
                raise EvaluationError(
                    f"The checkpoint {str(self.path)!r} is about other rows: the first {self.done:,} have changed, or "
                    "come in other parts; delete it to begin anew."
                )
            self._recognised = True
            return True
        return False

    def at_least(self, seen: DataFingerprint) -> DataFingerprint:
        """Return the fingerprint of the rows that the states hold, where not all of them have been read again.

        Parameters
        ----------
        seen : DataFingerprint
            Of the rows that were read.

        Returns
        -------
        DataFingerprint
            Of these, or of those in the file where they are more.
        """
        return self._seen if seen.rows < self.done else seen

    def keep(self, running: Iterable[Running], plan: Plan, seen: DataFingerprint) -> None:
        """Write the states, where enough batches have passed.

        Parameters
        ----------
        running : iterable of Running
            The checks.
        plan : Plan
            The counts.
        seen : DataFingerprint
            Of all rows so far.

        Raises
        ------
        EvaluationError
            Where a state cannot be written down, or the file not be written.
        """
        self._since += 1
        if self._since < self.every:
            return
        self._since = 0
        numbers = (self.batch_rows, seen.rows, seen.total, plan.rows_predicted, plan.predict_seconds)
        content = {
            "format": FORMAT,
            "about": self.about,
            **dict(zip(KEYS, numbers, strict=True)),
            "checks": [(one.state, None if one.error is None else sentence(one.error)) for one in running],
        }
        try:
            data = dump_states(content)
        except TypeError as error:
            raise EvaluationError(f"The states cannot be kept: {error}; run without a checkpoint.") from error
        write_bytes(self.path, data, private=True)

    def finish(self) -> None:
        """Delete the file: the run is whole, and another one begins anew."""
        self.path.unlink(missing_ok=True)


KEYS = ("batch_rows", "done", "total", "rows_predicted", "predict_seconds")


def identity(suite: dict[str, Any], source: Source, probe: Probe) -> dict[str, Any]:
    """Say what a run is about, so that states are only taken up by the same run.

    Parameters
    ----------
    suite : dict
        The suite as plain data.
    source : Source
        The data.
    probe : Probe
        The model.

    Returns
    -------
    dict
        By what can differ.
    """
    columns = [[str(name), str(dtype)] for name, dtype in source.schema.empty.dtypes.items()]
    return {
        "suite": suite,
        "rows": source.rows,
        "columns": columns,
        "model": model_fingerprint(probe.predictor, probe.outputs),
        "mlops-lab": __version__,
    }


def sentence(error: Exception) -> str:
    """Write an error as its check's result shows it."""
    return str(error) if isinstance(error, EvaluationError) else f"{type(error).__name__}: {error}"
