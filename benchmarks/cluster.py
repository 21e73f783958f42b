"""What do a second worker, a partition and a merge cost or bring, and would ten thousand partitions be merged in time?

Scaling: the same run on one worker and on two, in turns, with a model that waits as for a service and with models that
compute. The bar: at least 1.7 times as fast where the model is slow, on a machine with two idle cores; what a run costs
beside its model, about half a second, is not made faster by a second worker and is felt with a model that is not slow.
Overhead: the same rows in few and in many partitions; the difference a partition. The bar: at most 20 ms.
Merging: the states of the suite in the manual on real rows, as many as 10,000 partitions make, added up as a cluster
would add them. ``docs/scaling.md`` quotes these numbers.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from functools import partial

import dask.dataframe as dd
import numpy as np
import pandas as pd
from distributed import Client, LocalCluster
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mlops_lab import datasets
from mlops_lab import evaluation as ev
from mlops_lab.evaluation.cluster import BRANCHES, Carried
from mlops_lab.evaluation.data import FrameSource
from mlops_lab.evaluation.observation import Observer
from mlops_lab.evaluation.plan import Plan
from mlops_lab.evaluation.probe import probe_model
from mlops_lab.evaluation.runner import FAN_IN, LocalRunner, add_up, added
from mlops_lab.evaluation.task_graph import cut

ROUNDS = 3
ROWS = 24_000
FEW, MANY = 8, 208
PARTITIONS = 10_000
SAMPLES = 8  # distinct states, taken in turns
BAR_SCALING = 1.7
BAR_OVERHEAD = 0.020


def table(rows: int) -> pd.DataFrame:
    """Make numbers and labels."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.random((rows, 4)), columns=list("abcd"))
    return frame.assign(y=(random.random(rows) < frame["a"]).astype(int))


def computes(frame: pd.DataFrame, steps: int = 10_000) -> np.ndarray:
    """Answer after a computation of about 25 ns a step and row."""
    total = np.zeros(len(frame))
    for step in range(steps):
        total += np.sin(frame["b"].to_numpy() + step)
    return np.clip(frame["a"].to_numpy() + 1e-12 * total, 0, 1)


def waits(frame: pd.DataFrame) -> np.ndarray:
    """Answer after about 0.1 ms a row, as a service does."""
    time.sleep(len(frame) * 1e-4)
    return frame["a"].to_numpy()


MODELS = [
    ("waits", waits, True),
    ("computes", computes, True),
    ("computes a quarter of that", partial(computes, steps=2_500), False),
]


def quick(frame: pd.DataFrame) -> np.ndarray:
    """Answer at once."""
    return frame["a"].to_numpy()


def seconds(client: Client, model, frame: pd.DataFrame, partitions: int) -> float:
    """Time one run."""
    data = dd.from_pandas(frame, npartitions=partitions)
    suite = ev.Suite([ev.Calibration(), ev.Perturbation(ev.noise("b", sd=0.1))])
    began = time.perf_counter()
    suite.run(model, data, "y", client=client, progress=False)
    return time.perf_counter() - began


def scaling() -> bool:
    """Compare one worker with two."""
    frame, kept = table(ROWS), True
    options = {"threads_per_worker": 1, "dashboard_address": ":0", "processes": True}
    with (
        LocalCluster(n_workers=1, **options) as one,
        LocalCluster(n_workers=2, **options) as two,
        Client(one, set_as_default=False) as first,
        Client(two, set_as_default=False) as second,
    ):
        for client in (first, second):
            seconds(client, quick, frame, FEW)  # the workers import what they need
        for name, model, is_slow in MODELS:
            times = [[seconds(client, model, frame, FEW) for client in (first, second)] for _ in range(ROUNDS)]
            alone, both = (min(column) for column in zip(*times, strict=True))
            kept &= alone / both >= BAR_SCALING or not is_slow
            print(f"a model that {name}: 1 worker {alone:.2f} s, 2 workers {both:.2f} s: {alone / both:.2f} ×")
        pairs = [[seconds(second, quick, frame, parts) for parts in (FEW, MANY)] for _ in range(ROUNDS)]
        few, many = (min(column) for column in zip(*pairs, strict=True))
    each = (many - few) / (MANY - FEW)
    print(f"{FEW} partitions {few:.2f} s, {MANY} partitions {many:.2f} s: {each * 1000:.1f} ms a partition")
    return kept and each <= BAR_OVERHEAD


def states() -> list[bytes]:
    """Make what a worker sends of a partition: the suite of the manual on some rows of Adult."""
    train, test = (datasets.adult(split=split).drop(columns="split", errors="ignore") for split in ("train", "test"))
    text = OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")
    numbers = StandardScaler(), make_column_selector(dtype_include="number")
    pipeline = make_pipeline(make_column_transformer(text, numbers), LogisticRegression(max_iter=300))
    model = pipeline.fit(train.drop(columns="income"), train["income"])
    suite = ev.Suite(
        [
            ev.Perturbation(ev.noise("hours_per_week", sd=0.2), sweep=(0.05, 0.1, 0.2, 0.4)),
            ev.Perturbation(ev.missing("occupation", rate=0.1)),
            ev.Invariance("sex"),
            ev.Directional("education_num", by=2, expect="not_decrease"),
            ev.Calibration(),
            ev.Confidence(threshold=0.8, min_accuracy=0.95, min_coverage=0.5),
            ev.Slices(["race", "sex"], max_gap=0.05),
            ev.WeakSlices(max_depth=2, max_gap=0.10),
        ]
    )
    source = FrameSource(test, "income")
    probe = probe_model(model, source.labels, source.head(256)[0])
    observer = Observer(
        suite._prepare(LocalRunner(source), probe.predictor, suite._needs(source)), Plan(probe.predictor), probe
    )
    batches = source.batches(len(test) // SAMPLES)
    return [pickle.dumps(Carried(observer(frame, raw, start))) for frame, raw, start in batches][:SAMPLES]


def merging() -> None:
    """Add up as many states as ten thousand partitions make."""
    sent = states()
    began = time.perf_counter()
    received = [pickle.loads(one) for one in sent]
    unpacking = (time.perf_counter() - began) / len(sent)
    began = time.perf_counter()
    for one in received:
        pickle.dumps(one)
    packing = (time.perf_counter() - began) / len(sent)
    held = np.mean([len(pickle.dumps(one.state)) for one in received])
    print(f"a state: {held / 2**20:.1f} MB held, {np.mean([len(one) for one in sent]) / 2**10:.0f} kB sent,")
    print(f"         packed in {packing * 1000:.0f} ms and taken up again in {unpacking * 1000:.0f} ms")
    merges = 0

    def add(group: list[Carried]) -> Carried:
        nonlocal merges
        merges += len(group) - 1
        return add_up(group)

    began = time.perf_counter()
    leaves = [received[place % len(received)] for place in range(PARTITIONS)]
    branches = [added(branch, FAN_IN, add) for branch in cut(leaves, BRANCHES)]
    on_workers, inside = merges, time.perf_counter() - began
    began = time.perf_counter()
    total = add(branches)
    here = time.perf_counter() - began
    assert total.state.rows == sum(one.state.rows for one in leaves)
    each = inside / on_workers
    print(f"{PARTITIONS:,} partitions: {on_workers:,} merges on the workers ({inside:.1f} s on one core,")
    print(f"         {each * 1000:.2f} ms each), {merges - on_workers} here ({here:.2f} s)")
    print(f"         the sum of all is sent with {len(pickle.dumps(total)) / 2**10:.0f} kB")


def main() -> int:
    """Print the tables; fail where a bar is missed."""
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    merging()
    return 0 if scaling() else 1


if __name__ == "__main__":
    sys.exit(main())
