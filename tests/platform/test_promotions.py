"""The rule by which the log says what counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlops_lab.platform.promotions import Entry, counting


def entry(number: int, after: int) -> Entry:
    return Entry(number, after, "promote", str(number), "", "ada", "2026-01-31T12:00:00+00:00")


@st.composite
def logs(draw: st.DrawFn) -> list[Entry]:
    """Draw logs as promoters write them: each follows an entry, or the beginning, that was there before it."""
    numbers = range(1, draw(st.integers(1, 30)))
    return [entry(number, draw(st.integers(0, number - 1))) for number in numbers]


@given(logs())
def test_what_counted_once_counts_forever(log: list[Entry]) -> None:
    whole = counting(log)
    for length in range(len(log)):
        early = counting(log[:length])
        assert early == whole[: len(early)]


@given(logs())
def test_each_follows_the_one_before_and_was_the_first_to_do_so(log: list[Entry]) -> None:
    kept = counting(log)
    assert [one.after for one in kept] == [0, *(one.number for one in kept)][: len(kept)]
    for one in kept:
        assert one.number == min(other.number for other in log if other.after == one.after)


@given(logs(), st.randoms())
def test_neither_order_nor_losers_matter(log: list[Entry], random: object) -> None:
    kept = counting(log)
    shuffled = log[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert counting(shuffled) == kept
    assert counting(kept) == kept
