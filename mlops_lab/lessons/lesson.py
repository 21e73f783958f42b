"""The object that a notebook works with: ``here = lesson("storage_formats")``.

Its methods show something and return nothing, so that a cell may call several. What they say is decided by the
functions of the neighbouring files; here it is put on cards and the learner's record is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlops_lab.errors import InputError
from mlops_lab.i18n import gettext as _
from mlops_lab.lessons import frames, overview
from mlops_lab.lessons.card import Block, Card, Code, Items, Picture, in_kernel, show
from mlops_lab.lessons.exercise import Exercise, State, Verdict, examine
from mlops_lab.lessons.ideas import gain_card
from mlops_lab.lessons.outline import Outline, load, pick
from mlops_lab.lessons.prediction import Prediction
from mlops_lab.lessons.progress import Progress, Record, now
from mlops_lab.lessons.quiz import Numeric, Question
from mlops_lab.lessons.words import fill

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Lesson", "lesson"]


def lesson(name: str) -> Lesson:
    """Open a lesson.

    Parameters
    ----------
    name : str
        Name with or without its number: ``"storage_formats"`` or ``"03_storage_formats"``.

    Returns
    -------
    Lesson
        What the notebook calls ``here``.

    Raises
    ------
    InputError
        Where there is no such lesson; names the nearest.

    Examples
    --------
    >>> lesson("start_here").name
    '00_start_here'
    """
    return Lesson(load(name), Progress())


class Lesson:
    """One lesson in the hands of one learner.

    Parameters
    ----------
    outline : Outline
        The lesson's content.
    store : Progress
        The learner's record.
    """

    def __init__(self, outline: Outline, store: Progress) -> None:
        self._outline = outline
        self._store = store
        self._verdicts: dict[str, Verdict] = {}

    @property
    def name(self) -> str:
        """The lesson's name with its number."""
        return self._outline.name

    # The first screen, and what a lesson says -------------------------------------------------------------------------

    def __repr__(self) -> str:
        return overview.first_screen(self._outline).text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return overview.first_screen(self._outline)._repr_mimebundle_()

    def say(self, sentence: str, /, **values: Any) -> None:
        """Say a sentence whose numbers come from the run.

        Parameters
        ----------
        sentence : str
            A whole sentence with named gaps, such as ``"Parquet needs {ratio:.1f} times less room here."``.
        **values
            What fills the gaps. A notebook test compares the words and leaves these values out.

        Raises
        ------
        InputError
            Where a gap has no value.
        """
        self._show(Card("say", [fill(_(sentence), **values)]))

    def show(self, frame: Any, caption: str = "", measured: bool = True) -> None:
        """Show a table.

        Parameters
        ----------
        frame : DataFrame, Series, mapping, or sequence of mappings or dataclasses
            What to show; an index that counts the rows is left out.
        caption : str, optional
            What the table is, in one sentence.
        measured : bool, default True
            Whether its values differ from machine to machine, so that a notebook test must not compare them.
        """
        self._show(Card("table", [frames.table(frame, caption=_(caption), measured=measured)]))

    def picture(self, figure: Figure, alt: str, /, **values: Any) -> None:
        """Show a figure together with the words that say what is on it.

        Parameters
        ----------
        figure : matplotlib.figure.Figure
            The figure; it is closed, so that it is not shown a second time.
        alt : str
            What the figure shows, for those who do not see it, with named gaps for its numbers.
        **values
            What fills the gaps.
        """
        self._show(Card("picture", [Picture(frames.png(figure), fill(_(alt), **values))]))

    def bar(self, caption: str) -> Callable[[int, int, str], None]:
        """Show a progress bar for long work.

        Parameters
        ----------
        caption : str
            What is being done.

        Returns
        -------
        callable
            ``advance(done, total, step)``, with ``step`` in words; what `mlops_lab.storage.benchmark` takes as
            ``progress``.
        """
        made = self._widget(lambda shells: shells.bar(_(caption)))
        widget, advance = made or (None, lambda done, total, step: None)
        self._show(Card("bar", [_(caption)]), widget)
        return advance

    # Predict, then run ------------------------------------------------------------------------------------------------

    def predict(self, name: str, answer: Any = None, confidence: Any = None) -> None:
        """Ask for a prediction and how sure it is.

        Parameters
        ----------
        name : str
            Name of the question.
        answer, confidence : optional
            The prediction and the confidence in percent, to give them in code instead of in the fields.
        """
        asked = pick([*self._outline.predictions, *self._outline.asked_again], name, _("prediction"))
        if answer is not None:
            self._show(self._keep_prediction(asked, answer, asked.guess_percent if confidence is None else confidence))
            return
        given = self._part("predictions", name).get("given", [])
        kept = (given[-1]["answer"], given[-1]["confidence"]) if given else None
        widget = self._widget(
            lambda shells: shells.prediction(asked, kept, lambda value, sure: self._keep_prediction(asked, value, sure))
        )
        self._show(overview.prediction_card(asked), widget)

    def compare(self, name: str, measured: Any) -> None:
        """Put the learner's prediction beside the measured value, and keep both.

        Parameters
        ----------
        name : str
            Name of the question.
        measured : object
            The measured value, as an answer would be given.
        """
        asked = pick(self._outline.predictions, name, _("prediction"))
        value = asked.read(measured)

        def edit(part: Record) -> None:
            part.setdefault("measured_at", now())
            part["measured"] = value
            answer, _confidence, in_time = overview.last_prediction(part)
            part["right"] = asked.is_right(answer, value) if answer is not None and in_time else None

        part = self._edit("predictions", name, edit)
        answer, confidence, in_time = overview.last_prediction(part)
        tone = "plain" if part["right"] is None else "good" if part["right"] else "bad"
        self._show(Card("compare", [asked.compare(value, answer, confidence, in_time)], tone=tone))

    def points(self) -> None:
        """Show this lesson's predictions: how sure the learner was, and whether she was right."""
        self._show(overview.points_card(self._outline, self._record()))

    def confidences(self) -> None:
        """Show how often the learner's predictions of all lessons came true, by how sure she was of them."""
        from mlops_lab.lessons.confidences import confidences_card  # loads numpy and matplotlib

        self._show(confidences_card(self._store.read()))

    def gain(self) -> None:
        """Put the answers to the five questions of lesson 00 beside those of this lesson; see `ideas`."""
        self._show(gain_card(self._store.read()))

    # Exercises --------------------------------------------------------------------------------------------------------

    def check(self, name: str, answer: Any, /, **given: Any) -> None:
        """Check the answer of an exercise.

        Parameters
        ----------
        name : str
            Name of the exercise.
        answer : object
            A value, a DataFrame, a function, a fitted model, or the path of a file.
        **given
            What the check needs besides, such as the table that the answer was read from.
        """
        exercise = self._exercise(name)
        verdict = self._verdicts[name] = examine(exercise, answer, given)
        if verdict.state is not State.NOT_ATTEMPTED:
            attempt = {"state": verdict.state.value, "idea": verdict.idea, "at": now()}
            self._edit("exercises", name, lambda part: part.setdefault("attempts", []).append(attempt))
        self._show(overview.verdict_card(exercise, verdict))

    def verdict(self, name: str) -> Verdict | None:
        """Return what the last check of an exercise said in this session.

        Parameters
        ----------
        name : str
            Name of the exercise.

        Returns
        -------
        Verdict or None
            None where it was not checked yet.
        """
        return self._verdicts.get(self._exercise(name).name)

    def hint(self, name: str) -> None:
        """Show the next hint of an exercise, after those that were shown before.

        Parameters
        ----------
        name : str
            Name of the exercise.
        """
        exercise = self._exercise(name)

        def edit(part: Record) -> None:
            part["hints"] = min(part.get("hints", 0) + 1, len(exercise.hints))

        shown = self._edit("exercises", name, edit)["hints"]
        left = len(exercise.hints) - shown
        blocks: list[Block] = [Items(exercise.hints[:shown], numbered=True)]
        if left:
            blocks.append(_("Run the cell again for the next hint."))
        else:
            blocks.append(_("These are all hints; `here.solution({name!r})` shows the solution.").format(name=name))
        self._show(Card("hint", blocks, tone="info"))

    def solution(self, name: str) -> None:
        """Show the solution of an exercise, once it was attempted.

        Parameters
        ----------
        name : str
            Name of the exercise.
        """
        exercise = self._exercise(name)
        if not self._part("exercises", name).get("attempts"):
            self._show(
                Card("solution", [_("Try it first: the solution is shown after your first attempt.")], tone="plain")
            )
            return
        self._edit("exercises", name, lambda part: part.setdefault("solution_at", now()))
        self._show(Card("solution", [_("One way to solve it:"), Code(exercise.solution)], tone="info"))

    # Quiz, dial, overview ---------------------------------------------------------------------------------------------

    def quiz(self, name: str | None = None, answer: Any = None) -> None:
        """Ask the quiz, or one question of it.

        Parameters
        ----------
        name : str, optional
            Name of one question; by default all.
        answer : optional
            The answer to that question, to give it in code instead of in the fields: letters, or a number.
        """
        asked = self._outline.quiz if name is None else [pick(self._outline.quiz, name, _("quiz question"))]
        if answer is not None:
            if name is None:
                raise InputError(_("Say which question is answered: here.quiz(name, answer)."))
            self._show(self._mark(asked[0], answer))
            return
        widget = self._widget(
            lambda shells: shells.quiz([shells.question(each, self._marking(each)) for each in asked])
        )
        self._show(overview.quiz_card(asked), widget)

    def dial(self, name: str, value: int | None = None) -> None:
        """Show a slider above the sentence that it computes.

        Parameters
        ----------
        name : str
            Name of the dial.
        value : int, optional
            Where to set it, to set it in code.
        """
        asked = pick(self._outline.dials, name, _("dial"))
        if value is not None:
            self._show(Card("dial", [asked.sentence(value)]))
            return
        self._show(overview.dial_card(asked), self._widget(lambda shells: shells.dial(asked)))

    def map(self) -> None:
        """Show the four layers of the lecture, with links to the lessons that exist."""
        self._show(overview.map_card())

    @property
    def progress(self) -> Card:
        """What was done in this lesson so far."""
        card = overview.progress_card(self._outline, self._record())
        self._tell_notices()
        return card

    def summary(self) -> None:
        """Close the lesson: what was done, what is still open, where it goes on."""
        self._show(overview.summary_card(self._outline, self._record()))

    # Inner workings ---------------------------------------------------------------------------------------------------

    def _exercise(self, name: str) -> Exercise:
        return pick(self._outline.exercises, name, _("exercise"))

    def _keep_prediction(self, asked: Prediction, answer: Any, confidence: Any) -> Card:
        entry = {"answer": asked.read(answer), "confidence": asked.read_confidence(confidence), "at": now()}
        self._edit("predictions", asked.name, lambda part: part.setdefault("given", []).append(entry))
        kept = fill(
            _("Kept: {answer}, {confidence:.0f} % sure. You can change it until you run the measurement."),
            answer=asked.words(entry["answer"]),
            confidence=entry["confidence"],
        )
        return Card("told", [kept], tone="info", state="kept")

    def _marking(self, asked: Question) -> Callable[[Any], Card]:
        return lambda answer: self._mark(asked, answer)

    def _mark(self, asked: Question, answer: Any) -> Card:
        mark = asked.mark(answer)
        kept = float(answer) if isinstance(asked, Numeric) else "".join(answer)
        entry = {"answer": kept, "right": mark.right, "at": now()}
        self._edit("quiz", asked.name, lambda part: part.setdefault("answers", []).append(entry))
        return overview.mark_card(mark)

    def _record(self) -> Record:
        lessons: Record = self._store.read()["lessons"]
        record: Record = lessons.get(self.name, {})
        return record

    def _part(self, kind: str, name: str) -> Record:
        part: Record = self._record().get(kind, {}).get(name, {})
        return part

    def _edit(self, kind: str, name: str, edit: Callable[[Record], object]) -> Record:
        def change(record: Record) -> None:
            edit(record["lessons"].setdefault(self.name, {}).setdefault(kind, {}).setdefault(name, {}))

        part: Record = self._store.change(change)["lessons"][self.name][kind][name]
        return part

    def _widget(self, make: Callable[[Any], Any]) -> Any:
        """Make a widget where one can be shown; without ipywidgets the text twin says how to answer in code."""
        if not in_kernel():
            return None
        try:
            from mlops_lab.lessons import widgets
        except ImportError:
            return None
        return make(widgets)

    def _show(self, card: Card, widget: Any = None) -> None:
        self._tell_notices()
        show(card, widget)

    def _tell_notices(self) -> None:
        while self._store.notices:
            show(Card("notice", [self._store.notices.pop(0)], tone="bad"))
