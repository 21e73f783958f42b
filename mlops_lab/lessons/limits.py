"""A time limit for code that a learner wrote, since some of it never ends."""

from __future__ import annotations

import ctypes
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

__all__ = ["TimeIsUp", "run_limited"]

T = TypeVar("T")

# The interruption is repeated, since a loop around a bare `except:` swallows the first.
AGAIN_SECONDS = 0.2
PATIENCE_SECONDS = 3.0


class TimeIsUp(BaseException):
    """The time limit was reached; no Exception, so that ``except Exception`` in the limited code lets it through."""


def run_limited(function: Callable[[], T], seconds: float) -> T:
    """Call a function and stop it when its time is up.

    In the main thread of a POSIX system an alarm signal interrupts it; elsewhere it runs in a thread of its own, which
    is interrupted from outside. Neither can stop one long call into compiled code before that call returns.

    Parameters
    ----------
    function : callable
        What to call, without arguments.
    seconds : float
        How long it may take.

    Returns
    -------
    object
        What the function returns.

    Raises
    ------
    TimeIsUp
        Where the function was still running; its traceback ends where it was.

    Examples
    --------
    >>> run_limited(lambda: 2 + 2, seconds=5)
    4
    """
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        return _with_alarm(function, seconds)
    return _in_thread(function, seconds)


def _with_alarm(function: Callable[[], T], seconds: float) -> T:
    armed = True

    def ring(signum: int, frame: FrameType | None) -> None:
        if armed:
            raise TimeIsUp

    started = time.monotonic()
    handler_before = signal.signal(signal.SIGALRM, ring)
    left_before, interval_before = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_SECONDS)
    try:
        try:
            return function()
        finally:
            armed = False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if handler_before is None else handler_before)
        if left_before:
            left = max(left_before - (time.monotonic() - started), 0.001)
            signal.setitimer(signal.ITIMER_REAL, left, interval_before)


def _in_thread(function: Callable[[], T], seconds: float) -> T:
    returned: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            returned.append(function())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True, name="mlops-lab-check")
    thread.start()
    thread.join(seconds)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while thread.is_alive() and time.monotonic() < deadline:
        _interrupt(thread)
        thread.join(AGAIN_SECONDS)
    if returned:
        return returned[0]
    raise raised[0] if raised else TimeIsUp


def _interrupt(thread: threading.Thread) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(TimeIsUp))
