"""JupyterLab as a learner has it: the server that `mlops-lab lab` starts, and a notebook open in Chromium."""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Literal

from playwright.sync_api import Browser, Locator, Page, expect

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"(http://(?:localhost|127\.0\.0\.1):\d+)/\S*\?token=(\w+)")
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
SCREENSHOTS = ROOT / "build" / "screenshots"
WINDOW = {"width": 1280, "height": 900}
NARROW = {"width": 768, "height": 900}
PICTURE_HEIGHT = 1500
START_SECONDS = 180  # JupyterLab, or a page of it, on a machine that is busy with other things
RUN_SECONDS = 300  # a whole notebook, there too
JUPYTER_FOLDERS = (
    "HOME",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "IPYTHONDIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
    "MLOPS_LAB_HOME",
)
# JupyterLab follows the browser's preference, so that one page can be dark without touching the next.
SETTINGS = {"@jupyterlab/apputils-extension/themes.jupyterlab-settings": {"adaptive-theme": True}}


TRACEBACK = '[data-mime-type="application/vnd.jupyter.stderr"] .ansi-red-fg'
# The text in the page, drawn or not: a cell out of sight may not be drawn.
TRACEBACKS = """
(cells, traceback) => cells.flatMap(cell => [...cell.querySelectorAll('.jp-OutputArea-output')]
    .filter(output => output.querySelector(traceback))
    .map(output => [cell.dataset.windowedListIndex, output.textContent]))
"""
HAS_RUN = """
([cell, before]) => {
    const prompt = cell.querySelector('.jp-InputPrompt').textContent;
    return /\\d/.test(prompt) && prompt.trim() !== before.trim();
}
"""
ALL_HAVE_RUN = """
traceback => {
    const panel = document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden)');
    const prompts = [...panel.querySelectorAll('.jp-CodeCell')]
        .filter(cell => cell.querySelector('.cm-content').textContent.trim())
        .map(cell => cell.querySelector('.jp-InputPrompt').textContent);
    const idle = panel.querySelector('.jp-Notebook-ExecutionIndicator[data-status=idle]');
    const failed = panel.querySelector(traceback);
    return idle && !prompts.some(prompt => prompt.includes('*'))
        && (failed || prompts.every(prompt => /\\d/.test(prompt)));
}
"""
NOTHING_HAS_RUN = """
() => [...document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell .jp-InputPrompt')]
    .every(prompt => !/\\d/.test(prompt.textContent))
"""
NEXT_FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# Scroll down by a little less than a page; tell whether the last cell had been on it.
TURN_PAGE = """
scroller => {
    const last = [...scroller.querySelectorAll('.jp-Cell')].at(-1).getBoundingClientRect().bottom;
    scroller.scrollBy({top: scroller.clientHeight - 40, behavior: 'instant'});
    return last <= scroller.getBoundingClientRect().bottom;
}
"""


@dataclass(frozen=True)
class Server:
    """A running JupyterLab on a copy of the lessons."""

    printed: str  # the link for the learner
    address: str
    token: str
    clone: Path
    home: Path

    def link(self, notebook: str) -> str:
        """Return the link to a notebook in an empty workspace."""
        return f"{self.address}/lab/tree/notebooks/{notebook}?token={self.token}&reset="

    def ask(self, path: str, method: str = "GET") -> Any:
        """Call the server's own interface."""
        request = urllib.request.Request(
            f"{self.address}/api/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")

    def forget(self) -> None:
        """End all kernels and drop the learner's record, so that a notebook opened next starts from nothing."""
        for session in self.ask("sessions"):
            self.ask(f"sessions/{session['id']}", method="DELETE")
        shutil.rmtree(self.home, ignore_errors=True)

    def lay_out(self, name: str, executed: bool) -> list[dict[str, Any]]:
        """Put a fresh copy of a notebook into the clone and return its cells."""
        notebook = json.loads((ROOT / "notebooks" / name).read_text(encoding="utf-8"))
        if not executed:
            for cell in notebook["cells"]:
                if cell["cell_type"] == "code":
                    cell["outputs"], cell["execution_count"] = [], None
            notebook["metadata"].pop("widgets", None)
        (self.clone / "notebooks" / name).write_text(json.dumps(notebook), encoding="utf-8")
        return notebook["cells"]


@contextmanager
def serve(room: Path) -> Iterator[Server]:
    """Start `mlops-lab lab` in a copy of the clone, with nobody's settings, and stop it at the end."""
    clone = room / "clone"
    shutil.copytree(ROOT / "notebooks", clone / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copy(ROOT / "pyproject.toml", clone)
    for name in ("docs", "data", "README.md"):  # what lessons link to
        (clone / name).symlink_to(ROOT / name)
    environment = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "MPLBACKEND"}}
    environment |= {name: str(room / name.lower()) for name in JUPYTER_FOLDERS}
    for name in JUPYTER_FOLDERS:
        Path(environment[name]).mkdir()
    for path, settings in SETTINGS.items():
        file = Path(environment["JUPYTERLAB_SETTINGS_DIR"], path)
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(settings), encoding="utf-8")
    command = [str(Path(sys.executable).parent / "mlops-lab"), "lab", "--no-browser"]
    process = subprocess.Popen(
        command, cwd=clone, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        link = _wait_for_link(process)
        _wait_until_listening(link[1])
        yield Server(link[0], link[1], link[2], clone, Path(environment["MLOPS_LAB_HOME"]))
    finally:
        process.kill()  # JupyterLab's own end waits now and then for a thread of its file manager that never ends
        process.wait()


def _wait_for_link(process: subprocess.Popen[str]) -> re.Match[str]:
    """Read what JupyterLab prints until the link is there; go on reading, since a full pipe would stop it."""
    lines: Queue[str | None] = Queue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    printed = []
    try:
        while (line := lines.get(timeout=START_SECONDS)) is not None:
            printed.append(line)
            if found := LINK.search(line):
                return found
    except Empty:
        pass
    raise AssertionError("JupyterLab printed no link:\n" + "".join(printed))


def _wait_until_listening(address: str) -> None:
    """Wait until somebody answers; JupyterLab prints its link a moment before it listens."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"{address}/api", timeout=START_SECONDS).close()
            return
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


@dataclass
class Notebook:
    """A notebook that is open in the browser."""

    page: Page
    lesson: str
    cells: list[dict[str, Any]]
    complaints: list[str] = field(default_factory=list)

    @property
    def panel(self) -> Locator:
        return self.page.locator(".jp-NotebookPanel:visible")

    def cell(self, name: str) -> Locator:
        """Return a cell by its id in the notebook's file."""
        index = [cell["id"] for cell in self.cells].index(name)
        return self.panel.locator(f'.jp-Cell[data-windowed-list-index="{index}"]')

    def source(self, name: str) -> str:
        """Return what a cell holds in the notebook's file."""
        return next("".join(cell["source"]) for cell in self.cells if cell["id"] == name)

    def output(self, name: str) -> Locator:
        """Return what a cell shows below itself."""
        return self.cell(name).locator(".jp-Cell-outputArea")

    def choose(self, menu: str, command: str) -> None:
        """Choose from a menu."""
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        self.page.locator(f'.lm-Menu .lm-Menu-item[data-command="{command}"]').click()

    def run_all(self) -> None:
        """Put the author's outputs away, Run All, and wait until all cells have run or one has failed."""
        self.choose("Edit", "editmenu:clear-all")
        self.page.wait_for_function(NOTHING_HAS_RUN)
        self.choose("Run", "runmenu:run-all")
        self.page.wait_for_function(ALL_HAVE_RUN, arg=TRACEBACK, timeout=RUN_SECONDS * 1000, polling=200)

    def run(self, name: str) -> None:
        """Run one cell by Shift+Enter and wait for it."""
        cell = self.cell(name)
        cell.locator(".cm-content").click()
        prompt = cell.locator(".jp-InputPrompt").inner_text()
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(
            HAS_RUN, arg=[cell.element_handle(), prompt], timeout=RUN_SECONDS * 1000, polling=100
        )

    def type(self, name: str, source: str) -> None:
        """Replace the source of a cell, as by typing."""
        self.cell(name).locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(source)

    @contextmanager
    def zoomed(self, times: int) -> Iterator[None]:
        """Zoom as Ctrl and + do: the same window holds fewer, larger pixels."""
        with self.resized({side: pixels // times for side, pixels in WINDOW.items()}):
            yield

    @contextmanager
    def resized(self, window: dict[str, int]) -> Iterator[None]:
        """Give the window another size. The list of files is put away, as one does who has little room."""
        self._toggle_files(visible=False)
        self.page.set_viewport_size(window)
        yield
        self.page.set_viewport_size(WINDOW)
        self._toggle_files(visible=True)

    def _toggle_files(self, visible: bool) -> None:
        sidebar = self.page.locator("#jp-left-stack")
        if sidebar.is_visible() != visible:
            self.page.keyboard.press("ControlOrMeta+b")
            sidebar.wait_for(state="visible" if visible else "hidden")

    @contextmanager
    def darkened(self) -> Iterator[None]:
        """Change to the dark theme, and back."""
        self._change_theme("dark")
        yield
        self._change_theme("light")

    def _change_theme(self, scheme: Literal["dark", "light"]) -> None:
        self.page.emulate_media(color_scheme=scheme)
        is_light = "true" if scheme == "light" else "false"
        self.page.locator(f'body[data-jp-theme-light="{is_light}"]').wait_for(state="attached")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def photograph(self, name: str) -> None:
        """Keep pictures of the whole notebook in build/screenshots, page by page from the top."""
        scroller = self.panel.locator(".jp-WindowedPanel-outer")
        window = self.page.viewport_size
        assert window is not None
        self.page.set_viewport_size({"width": window["width"], "height": PICTURE_HEIGHT})
        scroller.evaluate("e => e.scrollTo({top: 0, behavior: 'instant'})")
        camera = self.page.context.new_cdp_session(self.page)
        picture = {"format": "png", "optimizeForSpeed": True, "clip": {**self.panel.bounding_box(), "scale": 1}}
        for index in itertools.count():
            self.page.evaluate(NEXT_FRAME)
            taken = camera.send("Page.captureScreenshot", picture)  # a third of the time of Playwright's own
            (SCREENSHOTS / f"{name}-{index:02}.png").write_bytes(base64.b64decode(taken["data"]))
            if scroller.evaluate(TURN_PAGE):
                break
        camera.detach()
        self.page.set_viewport_size(window)

    def errors(self) -> list[str]:
        """Return the tracebacks on the page, but those that the author wants to be seen."""
        expected = {
            str(index)
            for index, cell in enumerate(self.cells)
            if "raises-exception" in cell["metadata"].get("tags", [])
        }
        found = self.panel.locator(".jp-CodeCell").evaluate_all(TRACEBACKS, TRACEBACK)
        return [f"cell {index}: {text}" for index, text in found if index not in expected]


def new_page(browser: Browser) -> Page:
    """Open an empty page that shares nothing with another."""
    return browser.new_page(viewport=WINDOW, color_scheme="light", reduced_motion="reduce")


def open_notebook(page: Page, server: Server, name: str, executed: bool = False) -> Notebook:
    """Open a fresh copy of a notebook and wait for its kernel; by default without the outputs of the author's run."""
    notebook = Notebook(page, name.removesuffix(".ipynb"), server.lay_out(name, executed))
    page.on("pageerror", lambda error: notebook.complaints.append(str(error)))
    page.on("console", lambda message: notebook.complaints.append(message.text) if message.type == "error" else None)
    page.goto(server.link(name), timeout=START_SECONDS * 1000)
    # Only the status bar tells a kernel that is connected from one that is yet to start; both are "idle" elsewhere.
    page.locator("#jp-main-statusbar", has_text="| Idle").wait_for(timeout=START_SECONDS * 1000)
    expect(notebook.panel.locator(".jp-Notebook-cell")).to_have_count(len(notebook.cells))
    return notebook
