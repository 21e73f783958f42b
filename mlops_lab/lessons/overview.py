"""The cards of a lesson: first screen, questions, verdicts, progress. Each is made from content and record alone."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext
from mlops_lab.lessons.card import Block, Card, Heading, Items, Table
from mlops_lab.lessons.dial import Dial
from mlops_lab.lessons.exercise import Exercise, State, Verdict
from mlops_lab.lessons.outline import Outline, load, names
from mlops_lab.lessons.prediction import Prediction
from mlops_lab.lessons.progress import Record
from mlops_lab.lessons.quiz import Mark, Numeric, Question
from mlops_lab.lessons.words import fill

__all__ = [
    "course_card",
    "dial_card",
    "first_screen",
    "last_prediction",
    "map_card",
    "mark_card",
    "points_card",
    "prediction_card",
    "progress_card",
    "quiz_card",
    "summary_card",
    "verdict_card",
]


def first_screen(outline: Outline) -> Card:
    """Title, one question, minutes, what it needs; nothing else."""
    needs = _("Needs {needs}.").format(needs="; ".join(outline.needs)) if outline.needs else _("Needs nothing before.")
    minutes = ngettext("{count} minute", "{count} minutes", outline.minutes).format(count=outline.minutes)
    return Card("lesson", [f"**{outline.title}**", outline.question, minutes, needs], tone="info")


def prediction_card(asked: Prediction) -> Card:
    """Return the question of a prediction, with how to answer it in code."""
    blocks: list[Block] = [asked.ask]
    if asked.rule:
        blocks.append(asked.rule)
    if asked.choices:
        blocks.append(Items([f"`{key}`: {text}" for key, text in asked.choices.items()]))
        example = f'"{next(iter(asked.choices))}"'
    else:
        example = f"{asked.start:g}"
    blocks.append(
        _("Run this cell to answer, or write {code}: your answer, and how sure you are in percent.").format(
            code=f'`here.predict("{asked.name}", {example}, {max(asked.guess_percent, 50)})`'
        )
    )
    return Card("predict", blocks, tone="info")


def dial_card(asked: Dial) -> Card:
    """Return the sentence of a dial where it begins, with how to set it in code."""
    how = _("Run this cell for a slider, or write {code}.").format(code=f'`here.dial("{asked.name}", {asked.high})`')
    return Card("dial", [asked.sentence(asked.start), how])


def quiz_card(asked: Sequence[Question]) -> Card:
    """Return quiz questions, with how to answer them in code."""
    blocks: list[Block] = []
    for question in asked:
        blocks.append(Heading(question.ask))
        if not isinstance(question, Numeric):
            blocks.append(
                Items(
                    [
                        f"`{letter}`: {choice.text}"
                        for letter, choice in zip(ascii_lowercase, question.choices, strict=False)
                    ]
                )
            )
        blocks.append(question.how)
    if asked:
        blocks.append(_("Run this cell to answer, or write {code}.").format(code=f'`here.quiz("{asked[0].name}", …)`'))
    return Card("quiz", blocks or [_("This lesson has no quiz.")], tone="info")


def mark_card(mark: Mark) -> Card:
    """Say whether a quiz answer is right, and why."""
    if mark.right:
        return Card("mark", [_("✓ **Right:** {because}").format(because=mark.because)], tone="good", state="right")
    return Card("mark", [_("✗ **Not this one:** {because}").format(because=mark.because)], tone="bad", state="wrong")


def verdict_card(exercise: Exercise, verdict: Verdict) -> Card:
    """Say in which of the four states an exercise is, and why."""
    because = verdict.because
    if verdict.state is State.NOT_ATTEMPTED:
        blocks = [_("○ **Not attempted:** {because}").format(because=because), exercise.ask]
        return Card("check", blocks, tone="plain", state="not-attempted")
    if verdict.state is State.RAISED:
        return Card(
            "check", [_("! **Your code raised:** {because}").format(because=because)], tone="error", state="raised"
        )
    if verdict.state is State.NOT_YET:
        blocks = [
            _("✗ **Not yet, because:** {because}").format(because=because),
            _("A hint: {code}").format(code=f'`here.hint("{exercise.name}")`'),
        ]
        return Card("check", blocks, tone="bad", state="not-yet")
    return Card("check", [_("✓ **Correct, because:** {because}").format(because=because)], tone="good", state="correct")


def last_prediction(part: Record) -> tuple[str | float | None, float, bool]:
    """Return the prediction that counts: its answer, its confidence, and whether it came before the measured value.

    That is the last one given before the measured value was first shown; where there is none, the last one given, which
    does not count.
    """
    given = part.get("given", [])
    measured_at = part.get("measured_at")
    in_time = [entry for entry in given if measured_at is None or entry["at"] <= measured_at]
    if in_time:
        return in_time[-1]["answer"], in_time[-1]["confidence"], True
    if given:
        return given[-1]["answer"], given[-1]["confidence"], False
    return None, 0.0, False


def points_card(outline: Outline, record: Record) -> Card:
    """Return the predictions that count so far: how sure the learner was, and how often she was right."""
    rows, sure, right = [], [], 0
    for asked in outline.predictions:
        part = record.get("predictions", {}).get(asked.name, {})
        answer, confidence, in_time = last_prediction(part)
        if answer is None or not in_time or "measured" not in part:
            continue
        outcome = asked.is_right(answer, part["measured"])
        rows.append([asked.ask, f"{confidence:.0f} %", _("right") if outcome else _("not right")])
        sure.append(confidence)
        right += outcome
    if not rows:
        return Card("points", [_("No prediction of yours can be counted yet: predict, then run the measurement.")])
    table = Table([_("question"), _("how sure"), _("outcome")], rows, [False, True, False], measured=True)
    sentence = fill(
        ngettext(
            "You made {count} prediction, {sure:.0f} % sure on average; {right} was right.",
            "You made {count} predictions, {sure:.0f} % sure on average; {right} were right.",
            len(rows),
        ),
        count=len(rows),
        sure=sum(sure) / len(sure),
        right=right,
    )
    return Card("points", [table, sentence])


def progress_card(outline: Outline, record: Record) -> Card:
    """Return what was done in a lesson: each exercise, quiz question and prediction with its state."""
    rows = [[_("exercise"), exercise.name, _exercise_state(record, exercise.name)] for exercise in outline.exercises]
    rows += [[_("quiz"), question.name, _quiz_state(record, question.name)] for question in outline.quiz]
    rows += [[_("prediction"), asked.name, _prediction_state(record, asked.name)] for asked in outline.predictions]
    table = Table([_("kind"), _("name"), _("state")], rows, [False, False, False], measured=True)
    return Card("progress", [table])


def summary_card(outline: Outline, record: Record) -> Card:
    """Say what was done and where to go on."""
    solved = sum(is_solved(record, exercise.name) for exercise in outline.exercises)
    answered = sum(is_answered(record, question.name) for question in outline.quiz)
    done = fill(
        _("You solved {solved} of {exercises} exercises and answered {answered} of {questions} quiz questions."),
        solved=solved,
        exercises=len(outline.exercises),
        answered=answered,
        questions=len(outline.quiz),
    )
    known = names()
    place = known.index(outline.name) if outline.name in known else len(known)
    if place + 1 >= len(known):
        return Card("summary", [done, _("This is the last lesson so far.")], tone="info")
    after = load(known[place + 1])
    onwards = _("Go on with [{title}]({notebook}): {question}").format(
        title=after.title, notebook=after.notebook, question=after.question
    )
    return Card("summary", [done, onwards], tone="info")


def map_card() -> Card:
    """Return the four layers of the lecture and what goes with all of them, with links to the lessons that exist."""
    lessons = [load(name) for name in names()]
    layers = {  # from the top, as they lie on each other
        "development": _("**Development environment**: where you write, test and version. What you see all day."),
        "platform": _("**ML platform**: models, features and experiments, kept and served. MLflow, SageMaker."),
        "resources": _(
            "**Resource management**: what runs when, and again when it fails. Airflow, Kubeflow, Metaflow."
        ),
        "storage": _("**Storage and compute**: where data lies and where work is done. Bought like electricity."),
        "evaluation": _("**Evaluation**, beside all four: is the model good enough to be let in, and for whom?"),
    }
    rows = []
    for layer, words in layers.items():
        here = [each for each in lessons if each.layer == layer]
        links = [f"[{each.name[:2]}\N{NO-BREAK SPACE}{each.title}]({each.notebook})" for each in here]
        rows.append([words, ", ".join(links) or _("no lesson yet")])
    return Card("map", [Table([_("layer"), _("lessons")], rows, [False, False])])


def course_card(record: Record) -> Card:
    """Return one row for each lesson: what was solved and answered."""
    rows = []
    for name in names():
        outline, done = load(name), record["lessons"].get(name, {})
        solved = sum(is_solved(done, exercise.name) for exercise in outline.exercises)
        answered = sum(is_answered(done, question.name) for question in outline.quiz)
        predicted = sum(
            bool(done.get("predictions", {}).get(asked.name, {}).get("given")) for asked in outline.predictions
        )
        counts = [
            _("{done} of {all}").format(done=part, all=len(parts))
            for part, parts in (
                (solved, outline.exercises),
                (answered, outline.quiz),
                (predicted, outline.predictions),
            )
        ]
        rows.append([f"{name[:2]} {outline.title}", *counts])
    header = [_("lesson"), _("exercises"), _("quiz"), _("predictions")]
    return Card("course", [Table(header, rows, [False, True, True, True])])


def is_solved(record: Record, name: str) -> bool:
    """Return whether an exercise of a lesson's record was ever correct."""
    attempts = record.get("exercises", {}).get(name, {}).get("attempts", [])
    return any(attempt["state"] == State.CORRECT for attempt in attempts)


def is_answered(record: Record, name: str) -> bool:
    """Return whether a quiz question of a lesson's record was ever answered rightly."""
    return any(entry["right"] for entry in record.get("quiz", {}).get(name, {}).get("answers", []))


def _exercise_state(record: Record, name: str) -> str:
    attempts = record.get("exercises", {}).get(name, {}).get("attempts", [])
    if not attempts:
        return _("○ not attempted")
    if is_solved(record, name):
        return _("✓ correct")
    return _("! your code raised") if attempts[-1]["state"] == State.RAISED else _("✗ not yet")


def _quiz_state(record: Record, name: str) -> str:
    if is_answered(record, name):
        return _("✓ right")
    return _("✗ not this one") if record.get("quiz", {}).get(name) else _("○ not answered")


def _prediction_state(record: Record, name: str) -> str:
    part = record.get("predictions", {}).get(name, {})
    if not part.get("given"):
        return _("○ not predicted")
    if part.get("right") is None:
        return _("predicted")
    return _("✓ right") if part["right"] else _("✗ not right")
