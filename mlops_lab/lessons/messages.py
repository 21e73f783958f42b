"""Collect what translators translate: ``python -m mlops_lab.lessons.messages`` writes ``locale/mlops_lab.pot``.

Messages are the literal arguments of ``_(…)``, ``gettext(…)`` and ``ngettext(…)`` in the package, and the sentences
that notebooks hand to ``here.say``, ``here.bar``, ``here.show`` and ``here.picture``.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import click

from mlops_lab.i18n import LOCALE_DIRECTORY

__all__ = ["Message", "in_notebook", "in_package", "template"]

PACKAGE = Path(__file__).parents[1]
NOTEBOOKS = PACKAGE.parent / "notebooks"
MARKS = {"_": 1, "gettext": 1, "ngettext": 2}
SPOKEN = {"say": 0, "bar": 0, "show": 1, "picture": 1}

Message = tuple[str, ...]  # the sentence, or the sentences for one and for several


def in_package(folder: Path = PACKAGE) -> dict[Message, list[str]]:
    """Return the messages of the package's source, each with the places where it stands.

    Parameters
    ----------
    folder : Path
        Folder of Python files.

    Returns
    -------
    dict of tuple of str to list of str
        In the order of the files.
    """
    found: dict[Message, list[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        for message, line in _marked(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(message, []).append(f"{path.relative_to(folder.parent).as_posix()}:{line}")
    return found


def in_notebook(path: Path) -> dict[Message, list[str]]:
    """Return the sentences that a notebook says.

    Parameters
    ----------
    path : Path
        The notebook.

    Returns
    -------
    dict of tuple of str to list of str
        Each with its cell.
    """
    found: dict[Message, list[str]] = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            for message in _spoken(ast.parse("".join(cell["source"]))):
                found.setdefault(message, []).append(f"{path.name}:{cell['id']}")
    return found


def template(messages: dict[Message, list[str]]) -> str:
    """Write messages as a gettext template.

    Parameters
    ----------
    messages : dict
        As returned by `in_package`.

    Returns
    -------
    str
        Text of a ``.pot`` file.

    Examples
    --------
    >>> 'msgid "One whole sentence."' in template({("One whole sentence.",): ["a.py:1"]})
    True
    """
    entries = ['msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"']
    for message, places in messages.items():
        lines = [f"#: {' '.join(places)}", f"msgid {_quoted(message[0])}"]
        if len(message) == 2:
            lines += [f"msgid_plural {_quoted(message[1])}", 'msgstr[0] ""', 'msgstr[1] ""']
        else:
            lines.append('msgstr ""')
        entries.append("\n".join(lines))
    return "\n\n".join(entries) + "\n"


def _marked(tree: ast.AST) -> Iterator[tuple[Message, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
            words = tuple(_literal(argument) for argument in node.args[: MARKS[node.func.id]])
            if words and all(words):
                yield words, node.lineno


def _spoken(tree: ast.AST) -> Iterator[Message]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SPOKEN:
            place = SPOKEN[node.func.attr]
            words = _literal(node.args[place]) if len(node.args) > place else ""
            if words:
                yield (words,)


def _literal(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@click.command()
def main() -> None:
    """Write the template for translators."""
    messages = in_package()
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        for message, places in in_notebook(path).items():
            messages.setdefault(message, []).extend(places)
    LOCALE_DIRECTORY.mkdir(exist_ok=True)
    target = LOCALE_DIRECTORY / "mlops_lab.pot"
    target.write_text(template(messages), encoding="utf-8")
    click.echo(f"{target}: {len(messages)}")


if __name__ == "__main__":
    main()
