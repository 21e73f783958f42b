"""The tasks that a cluster is given: every part once, in order, added up the same way however many share a task."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_lab.evaluation.task_graph import SMALL, Part, apart, sum_here, sums

dask = pytest.importorskip("dask")


@dataclass(frozen=True)
class Written:
    """An addition as it is written, so that another order, or other brackets, would show."""

    text: str

    def __add__(self, other):
        return Written(f"({self.text}+{other.text})")


def numbered(count, rows=1):
    return [Part(partial(str, number), rows) for number in range(count)]


@given(count=st.integers(1, 200), branches=st.integers(1, 40), rows=st.sampled_from([1, SMALL // 8, SMALL]))
def test_what_is_added_to_what_does_not_depend_on_the_cluster(count, branches, rows):
    written = []
    for threads in (1, 10_000):
        graph, keys = sums(numbered(count, rows), Written, branches, threads, {})
        written.append(dask.get(graph, keys))
    assert written[0] == written[1]
    text = "+".join(one.text for one in written[0])
    assert text.replace("(", "").replace(")", "").split("+") == [str(number) for number in range(count)]


def test_small_parts_share_a_task_where_every_thread_has_enough_to_do():
    tasks = {
        (threads, rows): len(sums(numbered(208, rows), Written, 32, threads, {})[0])
        for threads in (2, 100)
        for rows in (100, SMALL)
    }
    assert tasks[2, 100] == 1 + 32
    assert tasks[100, 100] == tasks[2, SMALL] == tasks[100, SMALL] == 1 + 208 + 32


def test_a_task_that_two_parts_need_is_carried_out_once():
    counted = []

    def common():
        counted.append(1)
        return "c"

    tasks = {"common": (common,), "a": (str.upper, "common"), "b": (str.title, "common")}
    tasks = dict(dask.optimization.cull(dask.core.convert_legacy_graph(tasks), ["a", "b"])[0])
    parts, rest = apart(tasks, [Part(str, 1, ("a",)), Part(str, 1, ("b",))])
    graph, (total,) = sums(parts, str, 1, 1, rest)
    assert dask.get(graph, total) == "CC"
    assert counted == [1]
    assert sum_here(parts, str, rest) == "CC"


def test_a_task_whose_result_is_kept_elsewhere_stays_where_it_is():
    tasks = dask.core.convert_legacy_graph({"a": (str.upper, "kept")}, all_keys={"a", "kept"})
    parts = [Part(str, 1, ("a",))]
    assert apart(tasks, parts) == (parts, tasks)
    assert apart(tasks | {"kept": object()}, parts)[0] == parts
