"""``mlflow server`` as a process of its own: on a free port, asked for its health, ended with whoever started it."""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mlops_lab.platform.errors import TrackingError

__all__ = ["SERVED", "Server", "healthy", "running", "start", "stop"]

PATIENCE = 300.0  # seconds; half a minute is usual, and a machine that does ten other things needs minutes
RECORD = "server.json"
OUTPUT = "server.log"
SERVED = "served"  # artifacts that come in through the server
TRIES = 3  # of starting, where somebody takes the free port before the server does


@dataclass(frozen=True)
class Server:
    """A tracking server.

    Parameters
    ----------
    url : str
        Its address.
    pid : int or None
        Of its process; None for one that was not started here.
    folder : pathlib.Path or None
        The workspace that it serves.
    """

    url: str
    pid: int | None
    folder: Path | None

    def stop(self) -> None:
        """End it, if it was started here."""
        if self.folder is not None:
            stop(self.folder)


def running(folder: Path) -> Server | None:
    """Return the server of a workspace, whoever started it, if it answers.

    Parameters
    ----------
    folder : pathlib.Path
        The workspace.

    Returns
    -------
    Server or None
        None where there is none.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        server = Server(str(record["url"]), int(record["pid"]), folder)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return server if healthy(server.url) else None


def healthy(url: str) -> bool:
    """Tell whether a server answers.

    Parameters
    ----------
    url : str
        Its address.

    Returns
    -------
    bool
        True where it says OK within two seconds.
    """
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def start(folder: Path, database: str) -> Server:
    """Start a server on a workspace and wait until it answers.

    Parameters
    ----------
    folder : pathlib.Path
        The workspace.
    database : str
        Its address, such as ``sqlite:///…``.

    Returns
    -------
    Server
        Running.

    Raises
    ------
    TrackingError
        Where it ends or stays silent; the sentence quotes its last line.
    """
    for attempt in range(1, TRIES + 1):
        port = free_port()
        process = launch(folder, database, port)
        server = Server(f"http://127.0.0.1:{port}", process.pid, folder)
        if wait(process, server.url):
            (folder / RECORD).write_text(json.dumps({"url": server.url, "pid": server.pid}), encoding="utf-8")
            atexit.register(stop, folder)
            return server
        said = last_line(folder / OUTPUT)
        end(process.pid)
        if "address already in use" not in said.lower() or attempt == TRIES:
            break
    raise TrackingError(f"MLflow's server did not come up ({said}); its whole output is in {str(folder / OUTPUT)!r}.")


def free_port() -> int:
    """Return a port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def launch(folder: Path, database: str, port: int) -> subprocess.Popen[bytes]:
    """Start the process, apart from the keyboard's Ctrl-C; its output goes to a file."""
    artifacts = (folder / SERVED).as_uri()
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", database]
    command += ["--artifacts-destination", artifacts, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    environment = {
        name: value for name, value in os.environ.items() if not name.endswith(("TRACKING_URI", "STORE_URI"))
    }
    environment.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")  # five processes more, for language models
    with (folder / OUTPUT).open("wb") as output:
        return subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=environment, start_new_session=True
        )


def wait(process: subprocess.Popen[bytes], url: str) -> bool:
    """Wait until the server answers; False where it has ended or is silent for too long."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            return False
        if healthy(url):
            return True
        time.sleep(0.1)
    return False


def stop(folder: Path) -> None:
    """End the server of a workspace, if there is one.

    Parameters
    ----------
    folder : pathlib.Path
        The workspace.
    """
    server = running(folder)
    (folder / RECORD).unlink(missing_ok=True)
    if server is not None and server.pid is not None:
        end(server.pid)


def end(pid: int) -> None:
    """End a process and the workers that it started, first with words."""
    for word in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, word)
        with suppress(ChildProcessError):  # not our child: somebody else waits for it
            until = time.monotonic() + 10
            while time.monotonic() < until:
                if os.waitpid(pid, os.WNOHANG)[0] == pid:
                    return
                time.sleep(0.05)


def last_line(path: Path) -> str:
    """Return what a process said last."""
    with suppress(OSError):
        lines = [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
        return next((line[:200] for line in reversed(lines) if line), "without a word")
    return "without a word"
