"""A run that was stopped goes on where it was: the states of its checks in a file, written whole after some batches.

The file says of which suite, columns and model it is, and a fingerprint of the rows that it has seen, so that it is
refused for anything else. It holds counts and sums, and the worst rows of each check; only its owner may read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops_lab import __version__
from mlops_lab.evaluation.check import Check
from mlops_lab.evaluation.data import Source
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.files import reason, require_writable, write_bytes
from mlops_lab.evaluation.fingerprint import DataFingerprint, model_fingerprint
from mlops_lab.evaluation.observation import Failure, Seen
from mlops_lab.evaluation.probe import Probe
from mlops_lab.evaluation.runner import LocalRunner, Step
from mlops_lab.evaluation.states import dump_states, load_states

__all__ = ["Checkpoint", "CheckpointRunner", "identity"]

FORMAT = 2


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
    seen : Seen, optional
        What the file says of the first rows; see `restore`.
    """

    path: Path
    about: dict[str, Any]
    every: int = 1
    batch_rows: int = 0
    seen: Seen | None = None
    _since: int = field(default=0, init=False)

    def restore(self, checks: Iterable[Check]) -> Seen | None:
        """Take up the states of the file, where there is one.

        Parameters
        ----------
        checks : iterable of Check
            The checks whose states are kept.

        Returns
        -------
        Seen or None
            What is kept of the first rows.

        Raises
        ------
        EvaluationError
            Where the file cannot be read or is about something else.
        """
        require_writable(self.path)
        if not self.path.exists():
            return None
        content = self._read({type(check).__module__ for check in checks})
        if content["about"] != self.about:
            differing = ", ".join(key for key, value in self.about.items() if content["about"].get(key) != value)
            raise EvaluationError(
                f"The checkpoint {str(self.path)!r} belongs to another run (it differs in {differing}); "
                "delete it to begin anew, or name another file."
            )
        states = [
            state if sentence is None else Failure.of(EvaluationError(sentence))
            for state, sentence in content["checks"]
        ]
        fingerprint = DataFingerprint(content["done"], content["total"])
        self.batch_rows = content["batch_rows"]
        self.seen = Seen(tuple(states), fingerprint, content["rows_predicted"], content["predict_seconds"])
        return self.seen

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

    def recognise(self, rows: DataFingerprint) -> None:
        """Refuse rows other than those that the states are about.

        Parameters
        ----------
        rows : DataFingerprint
            Of as many batches from the first on as hold the rows that the states have seen.

        Raises
        ------
        EvaluationError
            Where they have changed, or were cut into other batches.
        """
        if self.seen is not None and rows != self.seen.fingerprint:
            raise EvaluationError(
                f"The checkpoint {str(self.path)!r} is about other rows: the first {self.seen.rows:,} have changed, or "
                "come in other parts; delete it to begin anew."
            )

    def keep(self, seen: Seen) -> None:
        """Write the states, where enough batches have passed.

        Parameters
        ----------
        seen : Seen
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
        total = seen.fingerprint.total
        numbers = (self.batch_rows, seen.rows, total, seen.rows_predicted, seen.predict_seconds)
        content = {
            "format": FORMAT,
            "about": self.about,
            **dict(zip(KEYS, numbers, strict=True)),
            "checks": [(None, one.sentence) if isinstance(one, Failure) else (one, None) for one in seen.states],
        }
        try:
            data = dump_states(content)
        except TypeError as error:
            raise EvaluationError(f"The states cannot be kept: {error}; run without a checkpoint.") from error
        write_bytes(self.path, data, private=True)

    def finish(self) -> None:
        """Delete the file: the run is whole, and another one begins anew."""
        self.path.unlink(missing_ok=True)


class CheckpointRunner(LocalRunner):
    """Goes through the batches one after the other, from where a checkpoint ends.

    Parameters
    ----------
    source : Source
        The data.
    checkpoint : Checkpoint
        Whose states were restored, where there were any.
    """

    def __init__(self, source: Source, checkpoint: Checkpoint) -> None:
        super().__init__(source)
        self.checkpoint = checkpoint

    def totals(self, step: Step[Any], rows: int, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """Leave out what the states have seen, add up the rest, and delete the file after the last batch."""
        checkpoint, total = self.checkpoint, self.checkpoint.seen
        passed, done = DataFingerprint(), total.rows if total is not None else 0
        for frame, target, start in self.source.batches(checkpoint.batch_rows or rows, columns):
            if passed.rows < done:
                passed += DataFingerprint.of(frame, target)
                if passed.rows >= done:
                    checkpoint.recognise(passed)
                continue
            part = step(frame, target, start)
            total = part if total is None else total + part
            checkpoint.keep(total)
            yield total
        checkpoint.finish()


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
