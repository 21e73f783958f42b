import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mlops_lab import launcher
from mlops_lab.cli import main


@pytest.fixture
def taken() -> Iterator[int]:
    """Return a port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    """Return the root of a clone."""
    root = tmp_path / "clone"
    (root / "notebooks").mkdir(parents=True)
    (root / "notebooks" / launcher.FIRST_NOTEBOOK).write_text("{}")
    (root / "pyproject.toml").touch()
    return root


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Collect the command lines that the process would become, instead of becoming them."""
    commands: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _program, arguments: commands.append(arguments))
    for name in ("PATH", "JUPYTER_CONFIG_PATH"):  # changed for JupyterLab's sake; given back after the test
        monkeypatch.setenv(name, os.environ.get(name, ""))
    return commands


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["lab", *arguments])


def refusal(result: Result) -> str:
    """Return the one sentence of a refused call."""
    assert result.exit_code == 2
    assert result.output.count("\n") == 1, result.output
    return result.output


def test_a_port_is_taken_while_somebody_listens(taken: int) -> None:
    assert "in use" in launcher.port_problem(taken)


def test_a_port_is_free_again_after_its_server_ended() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
            pass  # leaves the port in TIME_WAIT, as a server with visitors does
    assert launcher.port_problem(port) is None


def test_the_port_asked_for_must_be_free(taken: int, lessons: Path, started: list[list[str]]) -> None:
    assert f"Port {taken} cannot be used" in refusal(run(str(lessons / "notebooks"), "--port", str(taken)))
    assert not started


def test_another_port_is_chosen_and_named(
    taken: int, lessons: Path, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "PORT", taken)
    result = run(str(lessons / "notebooks"))
    assert result.exit_code == 0, result.output
    chosen = int(re.search(r"Port \d+ is taken, so JupyterLab starts on port (\d+)\.", result.output)[1])
    assert f"--port={chosen}" in started[0]
    assert launcher.port_problem(chosen) is None


def test_no_free_port_at_all(taken: int, lessons: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "PORT", taken)
    monkeypatch.setattr(launcher, "PORTS_TRIED", 1)
    assert "--port" in refusal(run(str(lessons / "notebooks")))


@pytest.mark.parametrize("port", ["0", "65536", "lab"])
def test_a_port_that_cannot_be(port: str) -> None:
    result = run("--port", port)
    assert result.exit_code == 2
    assert port in result.output


def test_the_clone_around_the_working_directory_comes_first(lessons: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lessons / "notebooks")
    assert launcher.clone() == lessons
    arguments = launcher.command(None, 8888, browser=True)
    assert f"--ServerApp.root_dir={lessons}" in arguments
    assert "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb" in arguments


def test_installed_without_notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "__file__", str(tmp_path / "site-packages" / "mlops_lab" / "launcher.py"))
    monkeypatch.chdir(tmp_path)
    assert launcher.clone() is None
    assert "clone the repository" in refusal(run())


def test_a_folder_of_ones_own(lessons: Path, tmp_path: Path) -> None:
    assert "--LabApp.default_url=/lab/tree/00_start_here.ipynb" in launcher.command(lessons / "notebooks", 1, True)
    assert "--LabApp.default_url=/lab" in launcher.command(tmp_path, 1, True)


def test_a_folder_that_is_not_there() -> None:
    result = run("no_such_folder")
    assert result.exit_code == 2
    assert "no_such_folder" in result.output


def test_without_the_lab_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jupyterlab", None)
    assert "pip install 'mlops-lab[lab]'" in refusal(run())


def test_what_follows_two_dashes_goes_to_jupyterlab(lessons: Path, started: list[list[str]]) -> None:
    result = run(str(lessons / "notebooks"), "--", "--ip=0.0.0.0", "--log-level=INFO")
    assert result.exit_code == 0, result.output
    assert started[0][-2:] == ["--ip=0.0.0.0", "--log-level=INFO"]
    assert "--log-level=WARN" not in started[0]


@pytest.mark.parametrize("flag", ["--browser", "--no-browser"])
def test_the_learner_decides_about_the_browser(flag: str, lessons: Path, started: list[list[str]]) -> None:
    result = run(str(lessons / "notebooks"), flag)
    assert ("--no-browser" in started[0]) == (flag == "--no-browser")
    assert ("open the link" in result.output) == (flag == "--no-browser")


@pytest.mark.parametrize(
    ("environment", "platform", "root", "seen"),
    [
        ({"DISPLAY": ":0"}, "linux", False, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", False, True),
        ({}, "linux", False, False),
        ({"DISPLAY": ":0"}, "linux", True, False),
        ({"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "1 2 3 4"}, "linux", False, False),
        ({}, "darwin", False, True),
        ({"SSH_TTY": "/dev/pts/0"}, "darwin", False, False),
        ({"BROWSER": "/remote/helper", "SSH_TTY": "/dev/pts/0"}, "linux", True, True),
    ],
)
def test_a_browser_is_opened_where_it_is_seen(environment: dict, platform: str, root: bool, seen: bool) -> None:
    assert launcher.can_open_browser(environment, platform, root) == seen


def test_a_home_that_cannot_be_written(
    lessons: Path, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = ["JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"]
    for name in folders:
        monkeypatch.setenv(name, f"{os.devnull}/home/{name}")  # a file, so that even root cannot write into it
    result = run(str(lessons / "notebooks"))
    assert "cannot be written" in result.output
    assert all(launcher.writable(Path(os.environ[name])) for name in folders)


def test_looking_whether_a_folder_is_writable_leaves_nothing(tmp_path: Path) -> None:
    assert launcher.writable(tmp_path / "new")
    assert not list(tmp_path.iterdir())
    assert not launcher.writable(Path(os.devnull) / "folder")


@pytest.mark.slow
def test_the_printed_link_works_and_ctrl_c_ends_it(lessons: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [Path(sys.executable).with_name("mlops-lab"), "lab", "--no-browser"],
        cwd=lessons,
        env=os.environ | {"HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        link = next(found[0] for line in process.stdout if (found := re.search(r"http://127\S+token=\w+", line)))
        assert "/lab/tree/notebooks/00_start_here.ipynb?token=" in link
        assert "JupyterLab" in fetch(link)
        process.send_signal(signal.SIGINT)  # without a terminal it does not ask whether that was meant
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()


def fetch(link: str) -> str:
    """Return a page; JupyterLab prints its link a moment before it listens."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(link, timeout=30) as answer:
                return answer.read().decode()
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.1)
    raise AssertionError(f"Nobody listens at {link}")
