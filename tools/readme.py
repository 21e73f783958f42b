"""Write the parts of README.md that follow from other files: badge, address and the table of lessons.

Each part stands between `<!-- NAME -->` and `<!-- end of NAME -->`. `make lock` writes them, a test compares them.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
START = "notebooks/00_start_here.ipynb"


def repository(root: Path) -> str:
    """Return the address that pyproject.toml gives for the repository."""
    metadata = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return str(metadata["project"]["urls"]["REPOSITORY"]).rstrip("/")


def badge(root: Path) -> str:
    """Write the badge that opens the first lesson on Binder."""
    owner, name = repository(root).split("/")[-2:]
    address = f"https://mybinder.org/v2/gh/{owner}/{name}/HEAD?urlpath=lab/tree/{START}"
    return f"[![Open the lessons on Binder](https://mybinder.org/badge_logo.svg)]({address})"


def clone(root: Path) -> str:
    """Write what a newcomer types."""
    address = repository(root)
    return f"```sh\ngit clone {address}\ncd {address.split('/')[-1]}\nmake lab\n```"


def lessons(root: Path) -> str:
    """Write one row a notebook, from its own title and metadata."""
    rows = ["| lesson | minutes | covers |", "|---|---:|---|"]
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        about = notebook["metadata"]["mlops_lab"]
        title = next(line for line in "".join(notebook["cells"][0]["source"]).splitlines() if line.startswith("# "))
        link = f"[{title.removeprefix('# ').strip()}](notebooks/{path.name})"
        rows.append(f"| {link} | {about['minutes']} | {', '.join(about['covers'])} |")
    return "\n".join(rows)


PARTS = {"badge": badge, "clone": clone, "lessons": lessons}


def render(root: Path) -> str:
    """Return README.md with each part written anew."""
    text = (root / "README.md").read_text(encoding="utf-8")
    for name, write in PARTS.items():
        pattern = re.compile(f"(<!-- {name} -->\n).*?(\n<!-- end of {name} -->)", flags=re.DOTALL)
        body = write(root)
        text, found = pattern.subn(lambda match, body=body: match[1] + body + match[2], text)
        if found != 1:
            raise SystemExit(f"README.md must hold '<!-- {name} -->' and '<!-- end of {name} -->' once, in this order.")
    return text


def main() -> int:
    """Write README.md, or say that it is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where README.md is stale")
    check = parser.parse_args().check
    text, path = render(ROOT), ROOT / "README.md"
    if check and text != path.read_text(encoding="utf-8"):
        print("README.md no longer follows from pyproject.toml and notebooks/; run: make lock", file=sys.stderr)
        return 1
    if not check:
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
