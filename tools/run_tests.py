"""Run every test of the house, one part after the other, and sum up: `make test`.

A part that fails does not keep the next from running. The last line counts over all parts; the exit code is 1 where
anything failed. Names of parts as arguments run only these: `make test ARGS=notebooks`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from mlops_lab.doctor import chromium

ROOT = Path(__file__).parents[1]
REPORTS = ROOT / "build" / "tests"
MINUTES: float = 20  # for a part, so that no test hangs for ever; .ci/run limits the whole
TWO = ["-n", "2", "--dist"]  # processes, and what stays together in one of them
BARE = ["-p", "no:nbval"]  # it takes seconds to load, in each process
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout", "120", "--nbval-sanitize-with", "tests/nbval.cfg"]


@dataclass(frozen=True)
class Part:
    """Some tests that run together."""

    name: str
    title: str
    arguments: list[str]
    needs_browser: bool = False


PARTS = [
    Part(
        "units",
        "unit, doctest and property tests",
        ["tests", "mlops_lab", "--ignore=tests/notebooks", "--ignore=tests/browser", *BARE, *TWO, "loadscope"],
    ),
    Part("exercises", "exercises: untouched, solved, wrong on purpose", ["tests/notebooks", *BARE, *TWO, "loadgroup"]),
    Part("notebooks", "every notebook, run and compared", ["notebooks", *NBVAL, *TWO, "loadscope"]),
    Part("browser", "the lessons in a browser", ["tests/browser", *BARE, *TWO, "loadgroup"], needs_browser=True),
]


@dataclass
class Outcome:
    """What came of one part."""

    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    seconds_by_file: dict[str, float] = field(default_factory=dict)

    def line(self) -> str:
        return ", ".join(f"{self.counts[kind]} {kind}" for kind in ["passed", "failed", "skipped"])


def read_report(path: Path) -> Outcome:
    """Count the tests in a JUnit file; where there is none, or none ran, that is a failure."""
    if not path.exists():
        return Outcome(Counter(failed=1))
    outcome = Outcome()
    by_file: dict[str, float] = defaultdict(float)
    for case in ElementTree.parse(path).iter("testcase"):
        found = {child.tag for child in case}
        kind = "failed" if found & {"failure", "error"} else "skipped" if "skipped" in found else "passed"
        outcome.counts[kind] += 1
        by_file[case.get("classname", "")] += float(case.get("time", 0))
    outcome.seconds_by_file = dict(by_file)
    return outcome if outcome.counts else Outcome(Counter(failed=1))


def run(part: Part) -> Outcome:
    """Run one part under a time limit."""
    report = REPORTS / f"{part.name}.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "--durations=5", f"--junitxml={report}", *part.arguments]
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        process.wait(timeout=MINUTES * 60)
    except subprocess.TimeoutExpired:
        print(f"The part {part.name!r} did not end within {MINUTES:g} minutes and was stopped.", flush=True)
    finally:
        if process.poll() is None:  # too slow, or Ctrl-C
            stop(process)
    outcome = read_report(report)
    if process.returncode and not outcome.counts["failed"]:
        outcome.counts["failed"] = 1  # pytest failed beside the tests, for instance while collecting
    outcome.seconds = time.monotonic() - start
    return outcome


def stop(process: subprocess.Popen[bytes]) -> None:
    """End pytest so that it still writes down what it has done; end it and its workers for good where it does not."""
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=20)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def find_browser() -> str | None:
    """Return the path of a Chromium, after installing Debian's where that is allowed without a password."""
    if chromium() or not shutil.which("apt-get"):
        return chromium()
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if as_root and (not shutil.which("sudo") or subprocess.run([*as_root, "true"], capture_output=True).returncode):
        return None
    print("Installing Chromium for the browser tests.", flush=True)
    quiet = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    subprocess.run([*quiet, "update"], stdout=subprocess.DEVNULL)
    subprocess.run([*quiet, "install", "-y", "--no-install-recommends", "chromium"], stdout=subprocess.DEVNULL)
    return chromium()


def without_browser() -> Outcome:
    """Say once that there is no browser: a gap on somebody's machine, a failure in CI."""
    in_ci = os.environ.get("CI", "").lower() in {"1", "true"}
    verdict = "failed" if in_ci else "skipped"
    print(f"The browser tests are {verdict}: no Chromium was found; install it with: apt-get install chromium")
    return Outcome(Counter({verdict: 1}))


def summary(outcomes: dict[str, Outcome]) -> str:
    """Write a line for each part and each notebook, and the one that counts last."""
    total = Outcome(sum((outcome.counts for outcome in outcomes.values()), Counter()))
    lines = [f"{name:<10} {outcome.seconds:5.0f} s   {outcome.line()}" for name, outcome in outcomes.items()]
    if "notebooks" in outcomes:
        lines += [
            f"  {file} {seconds:.0f} s" for file, seconds in sorted(outcomes["notebooks"].seconds_by_file.items())
        ]
    lines += [f"all        {sum(outcome.seconds for outcome in outcomes.values()):5.0f} s", total.line()]
    return "\n".join(lines)


def main(names: list[str]) -> int:
    """Run the parts with these names, by default all."""
    unknown = set(names) - {part.name for part in PARTS}
    if unknown:
        print(f"There is no part {sorted(unknown)[0]!r}; the parts are {', '.join(p.name for p in PARTS)}.")
        return 2
    REPORTS.mkdir(parents=True, exist_ok=True)
    outcomes: dict[str, Outcome] = {}
    for part in PARTS:
        if names and part.name not in names:
            continue
        print(f"\n== {part.title}", flush=True)
        outcomes[part.name] = without_browser() if part.needs_browser and not find_browser() else run(part)
    text = summary(outcomes)
    (REPORTS / "summary.txt").write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}")
    return 1 if any(outcome.counts["failed"] for outcome in outcomes.values()) else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
