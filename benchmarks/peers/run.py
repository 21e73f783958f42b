"""What the peers need for their nearest task, side by side: python benchmarks/peers/run.py [NAMES…]

Each peer gets an environment of its own, made by uv from the pins beside this file and kept in the user's cache, and
runs in a process of its own on the same rows and the same model. A peer that cannot be installed or imported here, or
that takes longer than ten minutes, is skipped with a sentence. This takes minutes, so `make bench` leaves it out.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click
from platformdirs import user_cache_path

HERE = Path(__file__).parent
PEERS = sorted(file.stem for file in HERE.glob("*.txt"))
QUIET = {
    "DO_NOT_TRACK": "1",
    "GSK_DISABLE_ANALYTICS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PYTHONWARNINGS": "ignore",
}


class Skipped(Exception):
    """Why a peer cannot be measured here."""


def environment(peer: str) -> Path:
    """Make the environment of a peer, or find it made; return its Python."""
    folder = user_cache_path("mlops_lab") / "peers" / peer
    python, made = folder / "bin" / "python", folder / "made-from.txt"
    pins = (HERE / f"{peer}.txt").read_text()
    if made.exists() and made.read_text() == pins:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    uv = [sys.executable, "-m", "uv"]
    call([*uv, "venv", "--quiet", "--python", sys.executable, str(folder)], "has no environment")
    call(
        [*uv, "pip", "install", "--quiet", "--python", str(python), "-r", str(HERE / f"{peer}.txt")], "does not install"
    )
    made.write_text(pins)
    return python


def call(command: list[str], trouble: str, **options: object) -> str:
    """Run a command and return what it printed, or raise a sentence with its last words."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, **options)
    except subprocess.TimeoutExpired:
        raise Skipped("takes longer than ten minutes.") from None
    if done.returncode:
        words = [line.strip() for line in done.stderr.splitlines() if line.strip()] or ["without a word"]
        raise Skipped(f"{trouble} here: {words[-1].split(' (')[0][:160]}")
    return done.stdout


def measure(peer: str) -> dict[str, object]:
    """Run the task of one peer in a folder that is thrown away."""
    python = environment(peer)
    with tempfile.TemporaryDirectory() as folder:
        said = call(
            [str(python), str(HERE / "tasks.py"), peer], "does not run", cwd=folder, env={**os.environ, **QUIET}
        )
    return json.loads(said.splitlines()[-1])


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(PEERS))
def main(names: tuple[str, ...]) -> None:
    """Print the table."""
    click.echo(f"{'peer':<12}{'task':<40}{'s':>8}{'× bare predict':>16}{'MB':>8}")
    for peer in names or PEERS:
        try:
            found = measure(peer)
        except Skipped as reason:
            click.echo(f"{peer:<12}skipped: it {reason}")
            continue
        seconds, bare = float(str(found["seconds"])), float(str(found["bare"]))
        click.echo(f"{peer:<12}{found['task']:<40}{seconds:>8.1f}{seconds / bare:>16.0f}{found['megabytes']:>8.0f}")


if __name__ == "__main__":
    main()
