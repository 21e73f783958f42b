"""One server and one Chromium for all browser tests; a page of its own for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from mlops_lab.doctor import chromium
from tests.browser.lab import SCREENSHOTS, Notebook, Server, new_page, open_notebook, serve

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 30_000  # milliseconds until something that should happen is given up


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-images", action="store_true", help="Write docs/images/ anew from this run.")


@pytest.hookimpl(trylast=True)  # after pytest's own order
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the browser tests, put those of a lesson together, and leave out what writes into the repository."""
    updating = config.getoption("--update-images", default=False)
    for item in list(items):
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if "update_images" in item.fixturenames and not updating:
                items.remove(item)
                config.hook.pytest_deselected(items=[item])
    items.sort(key=lesson_of)


def lesson_of(item: pytest.Item) -> str:
    """Return the lesson that a test shares with others."""
    return item.callspec.params.get("opened", "") if hasattr(item, "callspec") else ""


@pytest.fixture
def update_images() -> None:
    """Stand for the option ``--update-images``, without which the test is left out."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; without one the tests are skipped, and fail in CI."""
    program = chromium()
    if program is None:
        refuse = pytest.fail if os.environ.get("CI", "").lower() in {"1", "true"} else pytest.skip
        refuse("No Chromium was found: install it, or name it in the variable CHROMIUM.")
    expect.set_options(timeout=PATIENCE)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab as `mlops-lab lab` starts it."""
    with serve(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Photograph the pages of a test that failed."""
    report = yield
    browser = getattr(item, "funcargs", {}).get("browser")
    if report.when != "teardown" and report.failed and browser:
        pages = [page for context in browser.contexts for page in context.pages]
        for index, page in enumerate(pages):
            page.screenshot(path=SCREENSHOTS / f"failed-{item.name}-{index}.png")
    return report


@pytest.fixture
def open_lesson(browser: Browser, server: Server) -> Iterator[Callable[..., Notebook]]:
    """Open a notebook in a page of its own: ``open_lesson("00_start_here.ipynb", executed=False)``."""
    pages: list[Page] = []

    def open_one(name: str, executed: bool = False) -> Notebook:
        pages.append(new_page(browser))
        return open_notebook(pages[-1], server, name, executed)

    yield open_one
    for page in pages:
        page.close()
    server.forget()


@pytest.fixture(scope="session")
def opened(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    """Open the lesson that is the fixture's parameter as it comes, once for all tests that look at it."""
    page = new_page(browser)
    yield open_notebook(page, server, f"{request.param}.ipynb", executed=True)
    page.close()
    server.forget()


@pytest.fixture(scope="session")
def finished(opened: Notebook) -> Notebook:
    """Run all cells of the lesson that is open, once."""
    opened.run_all()
    return opened
