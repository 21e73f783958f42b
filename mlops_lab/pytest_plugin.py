"""Suite files as tests: pytest collects ``*.suite.yaml``, and each check is a test of its own.

::

    $ pytest tests/income.suite.yaml
    tests/income.suite.yaml::perturbation:hours_per_week PASSED
    tests/income.suite.yaml::invariance:sex FAILED

The model is asked once a file, also where ``pytest -n`` spreads the checks over processes. A setting says what becomes
of a check that the data cannot decide, and another one whether a model may be a pickle::

    [tool.pytest.ini_options]
    mlops_lab_inconclusive = "fail"        # or "xfail", or "skip"
    mlops_lab_trust_pickle = false

Nothing but pytest is imported until there is such a file.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mlops_lab.evaluation import Report, Result, Suite

__all__ = ["evaluation_suite"]

ENDINGS = (".suite.yaml", ".suite.yml")
UNDECIDED = ("fail", "xfail", "skip")
FOLDER = "mlops_lab_reports"
REPORTS: pytest.StashKey[dict[Path, Any]] = pytest.StashKey()
SHARED: pytest.StashKey[str] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the settings."""
    parser.addini(
        "mlops_lab_inconclusive", "What an inconclusive check of a suite is: fail, xfail or skip.", default="fail"
    )
    parser.addini("mlops_lab_trust_pickle", "Open pickled models in suite files.", type="bool", default=False)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SuiteFile | None:
    """Collect suite files."""
    return SuiteFile.from_parent(parent, path=file_path) if file_path.name.endswith(ENDINGS) else None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give each process of pytest-xdist the folder in which they share reports."""
    if SHARED not in node.config.stash:
        node.config.stash[SHARED] = tempfile.mkdtemp(prefix="mlops_lab_reports_")
    node.workerinput[FOLDER] = node.config.stash[SHARED]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Delete that folder."""
    if SHARED in config.stash:
        shutil.rmtree(config.stash[SHARED], ignore_errors=True)


@pytest.fixture
def evaluation_suite(request: pytest.FixtureRequest) -> Callable[[str], Suite]:
    """Read a suite file that lies beside the test.

    Returns
    -------
    callable
        Takes the name of the file and returns its `Suite`, to be run on a model and rows of the test's own.
    """
    from mlops_lab.evaluation import Suite

    return lambda name: Suite.from_yaml(request.path.parent / name)


class SuiteFile(pytest.File):
    """A suite file; its checks are tests."""

    def collect(self) -> Iterator[SuiteItem]:
        """Read the file, and nothing else yet."""
        from mlops_lab.evaluation.specification import read_specification

        for name in read_specification(self.path).suite.names:
            yield SuiteItem.from_parent(self, name=name)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """Show what is wrong with the file as one sentence."""
        from mlops_lab.errors import MlopsLabError

        return str(excinfo.value) if isinstance(excinfo.value, MlopsLabError) else super().repr_failure(excinfo)

    def report(self) -> Report:
        """Carry the file out, or take the report that another check or another process has made."""
        known = self.config.stash.setdefault(REPORTS, {})
        if self.path not in known:
            try:
                known[self.path] = self._made_once()
            except Exception as error:  # the same for every check of the file, so it is not tried again
                known[self.path] = error
        if isinstance(known[self.path], Exception):
            raise known[self.path]
        found: Report = known[self.path]
        if found.partial:
            raise KeyboardInterrupt
        return found

    def _made_once(self) -> Report:
        folder = getattr(self.config, "workerinput", {}).get(FOLDER)
        if folder is None:
            return self._made()
        from mlops_lab.evaluation import EvaluationError, Report

        place = Path(folder, hashlib.sha256(str(self.path).encode()).hexdigest()[:16])
        refusal = place.with_suffix(".refusal")
        with locked(place.with_suffix(".lock")):
            if refusal.exists():
                raise EvaluationError(refusal.read_text(encoding="utf-8"))
            if place.exists():
                return Report.from_json(place)
            try:
                report = self._made()
            except EvaluationError as error:
                refusal.write_text(str(error), encoding="utf-8")
                raise
            report.to_json(place)
        return report

    def _made(self) -> Report:
        from mlops_lab.evaluation.job import Job
        from mlops_lab.evaluation.specification import read_specification

        job = Job(trust_pickle=bool(self.config.getini("mlops_lab_trust_pickle")))
        return job.run(read_specification(self.path))


class SuiteItem(pytest.Item):
    """One check of a suite file."""

    def runtest(self) -> None:
        """Judge the check by its verdict."""
        assert isinstance(self.parent, SuiteFile)
        undecided = self.config.getini("mlops_lab_inconclusive")
        if undecided not in UNDECIDED:
            raise pytest.UsageError(f"mlops_lab_inconclusive is {undecided!r}; choose one of {', '.join(UNDECIDED)}.")
        report = self.parent.report()
        result = report[self.name]
        self.user_properties.extend(properties(report, result))
        if result.verdict == "inconclusive" and undecided != "fail":
            outcome: Callable[[str], Any] = pytest.xfail if undecided == "xfail" else pytest.skip
            outcome(f"inconclusive: {result.explain()}")
        if not result.passed:
            raise failure(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the row of the table and what to do, not where in this file it was raised."""
        from mlops_lab.errors import MlopsLabError

        return str(excinfo.value) if isinstance(excinfo.value, MlopsLabError) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Name the check in the heading of its failure."""
        return self.path, None, f"{self.path.name}: {self.name}"


def failure(result: Result) -> Exception:
    """Put a result that does not pass into words; the first line is what pytest's summary shows."""
    from mlops_lab.evaluation import VerdictError
    from mlops_lab.evaluation.report import text_row, text_table

    if result.verdict == "error":
        return VerdictError("\n".join([result.explain(), "", *text_table((result,))]))
    sign, _check, what, estimate, interval, tolerance, verdict, *_rows = text_row(result)
    first = f"{sign} {verdict}: {what} {estimate} ({interval}), tolerance {tolerance}"
    return VerdictError("\n".join([first, "", *text_table((result,)), "", result.explain()]))


def properties(report: Report, result: Result) -> list[tuple[str, object]]:
    """Return what JUnit XML keeps beside the outcome of a check."""
    numbers = {name: getattr(result, name) for name in ("estimate", "low", "high", "tolerance", "rows")}
    about = {"data": report.data.get("digest"), "model": report.model.get("digest")}
    return list({"verdict": result.verdict, "metric": result.metric, **numbers, **about}.items())


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait until no other process holds a file; the system gives it back when a process dies."""
    import fcntl

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
