"""What a lesson consists of, and where the lessons are found.

The content of lesson NN lies in ``content/NN_name.py``, which defines ``LESSON``, an `Outline`. Title, minutes and the
rows of the syllabus that it covers are written there and nowhere else; the notebook's metadata repeats them for
readers without Python, and a test compares.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from mlops_lab.errors import InputError, nearest, shorten
from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.dial import Dial
from mlops_lab.lessons.exercise import Exercise
from mlops_lab.lessons.prediction import Prediction
from mlops_lab.lessons.quiz import Question

__all__ = ["LAYERS", "Outline", "find", "load", "names", "pick"]

CONTENT = Path(__file__).parent / "content"
LAYERS = ("storage", "resources", "platform", "development", "evaluation")


class Named(Protocol):
    """Whatever has a name."""

    @property
    def name(self) -> str:
        """The name."""


N = TypeVar("N", bound=Named)


@dataclass(frozen=True, slots=True)
class Outline:
    """A lesson's content.

    Parameters
    ----------
    title : str
        Title, as on the first screen and as the notebook's heading.
    question : str
        The one question that the lesson opens with.
    minutes : int
        How long a learner needs.
    needs : sequence of str
        What must be known or done before; empty for nothing.
    covers : sequence of str
        Rows of the syllabus, such as ``("S2", "S3")``.
    layer : {"", "storage", "resources", "platform", "development", "evaluation"}
        Layer of the lecture's map that the lesson belongs to; ``""`` for none.
    predictions, exercises, quiz, dials : sequence
        The parts, in the order of the notebook.
    asked_again : sequence of Prediction
        Questions that are only asked here, and measured in a later lesson.
    name : str
        Name with its number, such as ``"03_storage_formats"``; set when it is loaded.

    Raises
    ------
    InputError
        Where the layer is not on the map, or two parts of one kind have the same name.
    """

    title: str
    question: str
    minutes: int
    needs: Sequence[str]
    covers: Sequence[str]
    layer: str = ""
    predictions: Sequence[Prediction] = ()
    exercises: Sequence[Exercise] = ()
    quiz: Sequence[Question] = ()
    dials: Sequence[Dial] = ()
    asked_again: Sequence[Prediction] = ()
    name: str = ""

    def __post_init__(self) -> None:
        if self.layer and self.layer not in LAYERS:
            raise InputError(f"Layer {self.layer!r} is not on the map; the layers are {shorten(LAYERS)}.")
        for parts in ([*self.predictions, *self.asked_again], self.exercises, self.quiz, self.dials):
            if len({part.name for part in parts}) < len(parts):
                raise InputError(f"Lesson {self.title!r} has two parts of the same name.")

    @property
    def notebook(self) -> str:
        """File name of the lesson's notebook."""
        return f"{self.name}.ipynb"

    def metadata(self) -> dict[str, object]:
        """Return what the notebook's metadata repeats under ``mlops_lab``."""
        return {"lesson": self.name, "minutes": self.minutes, "covers": list(self.covers)}


def names(folder: Path = CONTENT) -> list[str]:
    """Return the lessons that exist, in their order.

    Examples
    --------
    >>> names()[0]
    '00_start_here'
    """
    return sorted(path.stem for path in folder.glob("[0-9][0-9]_*.py"))


def find(name: str, folder: Path = CONTENT) -> str:
    """Return a lesson's full name.

    Parameters
    ----------
    name : str
        Name with or without its number, or the number alone.
    folder : Path
        Where the contents lie.

    Returns
    -------
    str
        Name with its number.

    Raises
    ------
    InputError
        Where there is no such lesson; names the nearest.

    Examples
    --------
    >>> find("start_here"), find("00")
    ('00_start_here', '00_start_here')
    """
    known = names(folder)
    wanted = str(name).removesuffix(".ipynb")
    for full in known:
        number, _sep, short = full.partition("_")
        if wanted in (full, short, number):
            return full
    by_short = {full.partition("_")[2]: full for full in known}
    close = nearest(wanted, [*known, *by_short])
    full_names = list(dict.fromkeys(by_short.get(match, match) for match in close))
    if full_names:
        raise InputError(
            _("There is no lesson {name!r}; the nearest are: {nearest}.").format(name=name, nearest=shorten(full_names))
        )
    raise InputError(
        _("There is no lesson {name!r}; the lessons are: {names}.").format(name=name, names=shorten(known))
    )


def load(name: str, folder: Path = CONTENT) -> Outline:
    """Load a lesson's content, anew each time, so that it speaks the language of now.

    Parameters
    ----------
    name : str
        As for `find`.
    folder : Path
        Where the contents lie.

    Returns
    -------
    Outline
        The content, with its name.
    """
    full = find(name, folder)
    spec = importlib.util.spec_from_file_location(f"mlops_lab.lessons.content.{full}", folder / f"{full}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    outline: Outline = module.LESSON
    return replace(outline, name=full)


def pick(parts: Iterable[N], name: str, what: str) -> N:
    """Return the part with a name.

    Parameters
    ----------
    parts : iterable
        Predictions, exercises, questions or dials.
    name : str
        Name of the one that is wanted.
    what : str
        What such a part is called in a sentence.

    Returns
    -------
    object
        The part.

    Raises
    ------
    InputError
        Where there is none of that name; names the nearest.
    """
    by_name = {part.name: part for part in parts}
    if name in by_name:
        return by_name[name]
    close = nearest(str(name), by_name)
    if close:
        raise InputError(
            _("This lesson has no {what} {name!r}; the nearest are: {nearest}.").format(
                what=what, name=name, nearest=shorten(close)
            )
        )
    raise InputError(
        _("This lesson has no {what} {name!r}; there are: {names}.").format(
            what=what, name=name, names=shorten(by_name) or _("none")
        )
    )
