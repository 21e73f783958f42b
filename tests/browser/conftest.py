"""One server and one Chromium for all browser tests; a page of its own for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from mlops_lab.doctor import chromium
from tests.browser.lab import SCREENSHOTS, WINDOW, Notebook, Server, open_notebook, serve

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
PAGES = pytest.StashKey[list[Page]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-images", action="store_true", help="Write docs/images/ anew from this run.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the browser tests, and leave out what writes into the repository unless it is asked for."""
    updating = config.getoption("--update-images", default=False)
    for item in list(items):
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if "update_images" in item.fixturenames and not updating:
                items.remove(item)
                config.hook.pytest_deselected(items=[item])


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
    if report.when == "call" and report.failed:
        for index, page in enumerate(item.stash.get(PAGES, [])):
            page.screenshot(path=SCREENSHOTS / f"failed-{item.name}-{index}.png")
    return report


@pytest.fixture
def open_lesson(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """Open a notebook in a page of its own: ``open_lesson("00_start_here.ipynb", executed=False)``."""
    pages: list[Page] = []
    request.node.stash[PAGES] = pages

    def open_one(name: str, executed: bool = False) -> Notebook:
        pages.append(browser.new_page(viewport=WINDOW, color_scheme="light", reduced_motion="reduce"))
        return open_notebook(pages[-1], server, name, executed)

    yield open_one
    for page in pages:
        page.close()
    server.forget()
