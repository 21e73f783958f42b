"""Write requirements.lock and both environment.yml files from pyproject.toml: `make lock`.

The lock pins every extra for each supported Python on Linux and macOS; the environment files hold what the lessons
need, at the same pins, for conda and Binder. Pins stay where they still fit; `--upgrade` looks for newer ones.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = Path("requirements.lock")
ENVIRONMENTS = [Path("environment.yml"), Path("binder/environment.yml")]
BINDER_PYTHON = "3.12"

ENVIRONMENT = """\
# Written by `make lock` from pyproject.toml; do not edit. The package itself is installed by binder/postBuild,
# elsewhere by: pip install --no-deps -e .
name: mlops-lab
channels:
  - conda-forge
dependencies:  # packages come from pip, since a large conda solve is killed on Binder
  - python={python}
  - pip
  - pip:
{pins}
"""


def compile_pins(folder: Path, output: Path, *options: str) -> None:
    """Pin what pyproject.toml asks for, without registry addresses or hashes, for all platforms at once."""
    command = [
        *[sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"],
        *["--no-annotate", "--no-header", "--output-file", str(output), *options, "pyproject.toml"],
    ]
    subprocess.run(command, cwd=folder, check=True)


def pins(text: str) -> list[str]:
    """Return the requirements of a lock's text."""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def environment(requirements: list[str]) -> str:
    """Write a conda environment with these requirements."""
    return ENVIRONMENT.format(python=BINDER_PYTHON, pins="\n".join(f"      - {pin}" for pin in requirements))


def write(folder: Path, upgrade: bool) -> None:
    """Write the lock and the environment files into a folder that holds pyproject.toml."""
    compile_pins(folder, LOCK, "--all-extras", *(["--upgrade"] if upgrade else []))
    with tempfile.TemporaryDirectory() as temporary:
        lab = Path(temporary, "lab.txt")
        compile_pins(folder, lab, "--extra", "lab", "--constraint", str(LOCK))
        text = environment(pins(lab.read_text(encoding="utf-8")))
    for path in ENVIRONMENTS:
        (folder / path).write_text(text, encoding="utf-8")


def stale(folder: Path) -> list[str]:
    """Return the files in a folder that `write` would change."""
    names = [LOCK, *ENVIRONMENTS]
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary)
        (copy / "binder").mkdir()
        for name in ["pyproject.toml", *names]:
            shutil.copy(folder / name, copy / name)
        write(copy, upgrade=False)
        return [str(name) for name in names if (copy / name).read_bytes() != (folder / name).read_bytes()]


def main() -> int:
    """Write the files, or say which are stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where a file is stale")
    parser.add_argument("--upgrade", action="store_true", help="look for newer versions")
    options = parser.parse_args()
    if not options.check:
        write(ROOT, options.upgrade)
        return 0
    names = stale(ROOT)
    if names:
        print(f"{', '.join(names)} no longer follow from pyproject.toml; run: make lock", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
