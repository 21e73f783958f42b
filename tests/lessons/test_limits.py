"""The time limit stops what never ends, and leaves the process as it was."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable

import pytest

from mlops_lab.lessons import limits
from mlops_lab.lessons.limits import TimeIsUp, run_limited


def endless() -> None:
    while True:
        pass


def stubborn() -> None:
    """Swallow what interrupts it, twice."""
    for _ in range(2):
        try:  # noqa: SIM105
            endless()
        except:  # noqa: E722
            pass
    endless()


def in_a_thread(function: Callable[[], object]) -> object:
    """Run in another thread than the main one, and return the result or the error."""
    results: list[object] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return results[0]


@pytest.mark.slow
@pytest.mark.parametrize("function", [endless, stubborn, lambda: time.sleep(60)])
def test_it_stops_what_never_ends(function: Callable[[], None]) -> None:
    with pytest.raises(TimeIsUp):
        run_limited(function, seconds=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("function", [endless, stubborn])
def test_it_stops_it_outside_the_main_thread_too(function: Callable[[], None]) -> None:
    assert isinstance(in_a_thread(lambda: run_limited(function, seconds=0.1)), TimeIsUp)
    assert not [thread for thread in threading.enumerate() if thread.name == "mlops-lab-check"]


def test_results_and_errors_pass_through() -> None:
    def fail() -> None:
        raise KeyError("gone")

    assert run_limited(lambda: 7, seconds=5) == in_a_thread(lambda: run_limited(lambda: 7, seconds=5)) == 7
    with pytest.raises(KeyError, match="gone"):
        run_limited(fail, seconds=5)
    assert isinstance(in_a_thread(lambda: run_limited(fail, seconds=5)), KeyError)


def test_the_alarm_of_others_is_given_back() -> None:
    def theirs(signum: int, frame: object) -> None: ...

    before = signal.signal(signal.SIGALRM, theirs)
    signal.setitimer(signal.ITIMER_REAL, 1000, 7)
    try:
        for function in (lambda: 1, endless):
            with contextlib.suppress(TimeIsUp):
                run_limited(function, seconds=0.05)
            assert signal.getsignal(signal.SIGALRM) is theirs
            left, interval = signal.getitimer(signal.ITIMER_REAL)
            assert 900 < left <= 1000
            assert interval == 7
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_no_alarm_is_left_behind() -> None:
    with pytest.raises(TimeIsUp):
        run_limited(endless, seconds=0.05)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_what_cannot_be_stopped_is_told_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(limits, "_interrupt", lambda thread: None)
    freed = threading.Event()
    assert isinstance(in_a_thread(lambda: run_limited(freed.wait, seconds=0.05)), TimeIsUp)
    freed.set()
