"""The suite on a Dask cluster: the parts of the data are reduced on the workers, and the states added up as a tree.

The model goes to the cluster once, as the result of a task, so that the cluster makes it again where a worker dies that
held it; the same holds for every state. What is added to what depends on the data alone, not on who is done first: a
run in which workers die gives the numbers of a run in which none does, to the last bit.
"""

from __future__ import annotations

import io
import math
import pickle
import sys
import warnings
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from mlops_lab.errors import require
from mlops_lab.evaluation.dask_source import DaskSource, itself
from mlops_lab.evaluation.data import FrameSource, Source
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.observation import Seen
from mlops_lab.evaluation.parquet import ParquetSource
from mlops_lab.evaluation.runner import LocalRunner, Runner, Step
from mlops_lab.evaluation.task_graph import Part, sums

__all__ = ["ClusterRunner"]

BRANCHES = 32  # sums that are sent here, each of consecutive parts: the steps of the bar, and what Ctrl-C keeps
LARGE = 2**15  # bytes of an array that is looked through for zeros before it is sent
PARTS_A_THREAD = 4  # of a frame or of files, so that a slow part keeps no thread waiting for long


class ClusterRunner(Runner):
    """Goes through the parts of the data on the workers of a cluster.

    Parameters
    ----------
    source : Source
        The data: a Dask DataFrame, files that every worker can read, or a frame, which is sent there.
    client : distributed.Client
        Connected with the cluster.

    Raises
    ------
    EvaluationError
        Where the client cannot be used.
    MissingExtraError
        Where Dask is not installed.
    """

    def __init__(self, source: Source, client: Any) -> None:
        super().__init__(source)
        self.client = checked(client)

    def totals(self, step: Step[Any], rows: int, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """Reduce and add up on the workers; the sums of some consecutive parts are added here as they come."""
        dask, distributed = require("dask", "scale"), require("distributed", "scale")
        parts, tasks = self._parts(rows, columns)
        graph, keys = sums(
            parts, partial(reduce_part, step=step, rows=rows, columns=columns), BRANCHES, self.threads, tasks
        )
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": sys.maxsize}):  # it holds the model
            futures = self.client.get(graph, keys, sync=False)
        place = {future.key: number for number, future in enumerate(futures)}
        arrived: dict[int, Any] = {}
        total, following = None, 0
        try:
            for future, branch in distributed.as_completed(futures, loop=self.client.loop, with_results=True):
                arrived[place[future.key]] = branch.state
                while following in arrived:
                    state = arrived.pop(following)
                    total = state if total is None else total + state
                    following += 1
                    yield total
        except distributed.KilledWorker as error:
            raise EvaluationError(
                "The workers that looked at one part of the data died one after the other, most likely for want of "
                "memory; cut the data into smaller partitions, or give each worker more memory."
            ) from error
        except ImportError as error:
            raise EvaluationError(
                f"A worker cannot import what the run needs ({error}); install the same packages on all of them."
            ) from error
        finally:
            self.client.cancel(futures)

    @property
    def threads(self) -> int:
        """How many parts are looked at at a time; 1 where there are no workers yet."""
        return max(1, sum(self.client.nthreads().values()))

    def _parts(self, rows: int, columns: Sequence[str] | None) -> tuple[list[Part], Mapping[Any, Any]]:
        """Return the parts of the data, each of which becomes a source on a worker, and the tasks that they need."""
        if isinstance(self.source, DaskSource):
            return self.source.parts(columns)
        size = min(rows, math.ceil(self.source.rows / (PARTS_A_THREAD * self.threads)))
        if isinstance(self.source, ParquetSource):
            sources: Iterable[Source] = self.source.parts(size)
        else:  # these rows go through this process
            sources = (FrameSource(frame, raw, start) for frame, raw, start in self.source.batches(size, columns))
        return [Part(partial(itself, one), one.rows) for one in sources], {}


@dataclass(frozen=True)
class Carried:
    """A state on its way through the cluster: small where it is sent, and only there, since most bins are empty.

    Parameters
    ----------
    state : object
        Adds up.

    Examples
    --------
    >>> import numpy as np
    >>> sent = pickle.dumps(Carried(np.zeros(65_536)))
    >>> len(sent) < 5000, float((pickle.loads(sent) + Carried(1.0)).state.sum())
    (True, 65536.0)
    """

    state: Any

    def __add__(self, other: Carried) -> Carried:
        return Carried(self.state + other.state)

    def __reduce__(self) -> tuple[Any, ...]:
        return unpacked, (zlib.compress(packed(self.state), level=1),)


def packed(state: Any) -> bytes:
    """Pickle a state; of an array that is mostly zeros only the rest, which is sooner done than compressing it."""
    cloudpickle = require("cloudpickle", "scale")

    class Pickler(cloudpickle.Pickler):  # type: ignore[name-defined]
        def reducer_override(self, obj: Any) -> Any:
            if type(obj) is np.ndarray and obj.dtype.kind in "biuf" and obj.nbytes >= LARGE:
                flat = obj.reshape(-1)
                used = np.flatnonzero(flat)
                if len(used) < len(flat) / 8:
                    return spread, (obj.shape, used, flat[used])
            return super().reducer_override(obj)

    file = io.BytesIO()
    Pickler(file, protocol=5).dump(state)
    return file.getvalue()


def spread(shape: tuple[int, ...], used: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Make an array that is zero but for some values."""
    array = np.zeros(math.prod(shape), dtype=values.dtype)
    array[used] = values
    return array.reshape(shape)


def unpacked(data: bytes) -> Carried:
    """Take a state up again."""
    return Carried(pickle.loads(zlib.decompress(data)))


def checked(client: Any) -> Any:
    """Refuse what is no client that can be used."""
    distributed = require("distributed", "scale")
    if not isinstance(client, distributed.Client) or client.asynchronous:
        raise EvaluationError(
            f"client is a {type(client).__name__}; pass dask.distributed.Client(address), not an asynchronous one."
        )
    if client.status != "running":
        raise EvaluationError(f"The client of the cluster is {client.status}; connect it again.")
    if not client.nthreads():
        warnings.warn("The cluster has no workers yet; the run waits until there are some.", stacklevel=2)
    return client


def reduce_part(part: Source, *, step: Step[Any], rows: int, columns: Sequence[str] | None) -> Carried:
    """Reduce one part of the data, on a worker."""
    total = LocalRunner(part).reduce(step, rows, columns)
    return Carried(total.portable() if isinstance(total, Seen) else total)
