"""Processes that promote on demand, and the race between two of them, whatever keeps the registry."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from mlops_lab.platform import registry

Promoter = subprocess.Popen[str]

PROMOTER = Path(__file__).with_name("promoter.py")


@contextmanager
def started(count: int) -> Iterator[list[Promoter]]:
    """Start processes that promote, all at once, and wait until they are ready."""
    with ExitStack() as stack:
        processes = []
        for _number in range(count):
            process = subprocess.Popen(
                [sys.executable, str(PROMOTER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            processes.append(process)
            stack.callback(process.communicate)
            stack.callback(process.kill)
        assert [answer(process) for process in processes] == ["ready"] * count
        yield processes


def order(process: Promoter, **told: Any) -> None:
    """Tell a process what to promote, and where."""
    assert process.stdin is not None
    process.stdin.write(json.dumps(told) + "\n")
    process.stdin.flush()


def answer(process: Promoter) -> str:
    """Wait for what a process has to say."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def race(
    name: str,
    address: str,
    rivals: Sequence[Promoter],
    reports: Mapping[str, Path],
    aliases: Callable[[], dict[str, str]],
    rounds: int,
) -> list[list[str]]:
    """Let two processes promote at once, again and again, and look after each round; version 1 is champion before."""
    outcomes = []
    for number in range(rounds):
        champion = aliases()["champion"]
        versions = [version for version in reports if version != champion]
        known = {"replaces": champion} if number % 2 else {}
        for process, version in zip(rivals, versions, strict=True):
            report = str(reports[version])
            order(process, address=address, name=name, version=version, report=report, by=version, **known)
        said = [answer(process) for process in rivals]
        outcomes.append(said)
        assert set(said) <= {"won", "lost"}, said
        trail, now = registry.history(name), aliases()
        assert trail["settled"].all()
        assert now == {"champion": trail["champion"].iloc[-1], "previous_champion": trail["previous"].iloc[-1]}
        assert trail["previous"].tolist()[1:] == trail["champion"].tolist()[:-1]
        assert len(trail) == 1 + sum(one.count("won") for one in outcomes)
        if known:
            assert sorted(said) == ["lost", "won"]
            assert now["previous_champion"] == champion
    return outcomes
