"""Lesson 00: how a lesson works, each part once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.dial import Dial
from mlops_lab.lessons.exercise import Exercise, Verdict, Wrong, call, correct, not_yet, wrong
from mlops_lab.lessons.ideas import five_ideas
from mlops_lab.lessons.outline import Outline
from mlops_lab.lessons.prediction import Prediction
from mlops_lab.lessons.quiz import Choice, Near, Numeric, Order, Single


def possible_share(count: int) -> dict[str, Any]:
    """Return in which range the true share of right predictions may lie after four of five came true (Wilson, 95 %)."""
    from scipy.stats import binomtest

    right = round(0.8 * count)
    interval = binomtest(right, count).proportion_ci(method="wilson")
    return {"right": right, "low": 100 * interval.low, "high": 100 * interval.high}


def judge_is_late(is_late: Any, given: SimpleNamespace) -> Verdict:
    """Check the function on delays that the notebook does not show."""
    if not callable(is_late):
        return not_yet(_("The answer has to be a function; hand over `is_late` itself, without parentheses."))
    told = {minutes: call(is_late, minutes) for minutes in (-60, -16, 0, 1, 14, 15, 16, 180)}
    for minutes, answer in told.items():
        if type(answer).__name__ not in {"bool", "bool_"}:
            return wrong("tells_in_words", minutes=minutes, answer=repr(answer))
    if told[-60] or told[-16]:
        return wrong("early_is_late")
    if told[1] or told[14]:
        return wrong("any_delay")
    if told[15]:
        return wrong("fifteen_counts")
    if not (told[16] and told[180]):
        return not_yet(_("A flight that arrives 16 minutes after the timetable is late; yours says that it is not."))
    return correct(
        _("It was right for {count} delays that you had not seen, 15 and 16 minutes among them."), count=len(told)
    )


LESSON = Outline(
    title=_("Start here"),
    question=_("How sure are you, when you are sure?"),
    minutes=12,
    needs=[],
    covers=["I2", "W1", "W4", "W5"],
    predictions=[
        Prediction(
            "early",
            _("In 2013, did more than half of the flights from New York arrive on time or early?"),
            choices={"yes": _("Yes, more than half"), "no": _("No, at most half")},
        ),
        Prediction(
            "late",
            _("Did more than one in three arrive over 15 minutes late?"),
            choices={"yes": _("Yes, more than one in three"), "no": _("No, at most one in three")},
        ),
        Prediction(
            "month",
            _("Which month had more late flights, for every hundred that flew: February with its snow, or July?"),
            choices={"february": _("February"), "july": _("July")},
        ),
    ],
    asked_again=five_ideas(),
    dials=[
        Dial(
            "answers",
            label=_("Number of predictions"),
            low=3,
            high=300,
            start=3,
            step=1,
            compute=possible_share,
            say=_(
                "When {right} of {value} predictions come true, your true share of right ones may lie anywhere between "
                "**{low:.0f} and {high:.0f} %**."
            ),
        )
    ],
    exercises=[
        Exercise(
            "is_late",
            ask=_("Write `is_late(minutes)`: True where a flight arrives more than 15 minutes after its timetable."),
            start="def is_late(minutes):\n    ...",
            solution="def is_late(minutes):\n    return minutes > 15",
            judge=judge_is_late,
            hints=[
                _("Which delays must be late, which must not? Think of one of each."),
                _("The answer of a comparison is already True or False; return it."),
                _("Compare `minutes` with 15; a flight of exactly 15 minutes is not late."),
            ],
            wrong={
                "any_delay": Wrong(
                    "def is_late(minutes):\n    return minutes > 0",
                    _(
                        "A flight that arrives one minute after its timetable is not late yet: up to 15 minutes are "
                        "allowed."
                    ),
                ),
                "fifteen_counts": Wrong(
                    "def is_late(minutes):\n    return minutes >= 15",
                    _("A flight with exactly 15 minutes is not late: more than 15 is asked for."),
                ),
                "early_is_late": Wrong(
                    "def is_late(minutes):\n    return abs(minutes) > 15",
                    _("A negative number means that the flight was early; yours calls an early flight late."),
                ),
                "tells_in_words": Wrong(
                    'def is_late(minutes):\n    return "late" if minutes > 15 else "on time"',
                    _(
                        "For {minutes} minutes it returned {answer}; return True or False, so that one can count with "
                        "it."
                    ),
                ),
            },
        )
    ],
    quiz=[
        Single(
            "three_answers",
            _("Somebody was 90 % sure of each of three predictions; two came true. Is she too sure of herself?"),
            [
                Choice(
                    _("Yes: two of three is only 67 %."),
                    _(
                        "Somebody who is right nine times in ten still misses at least one of three in more than a "
                        "quarter of all trios."
                    ),
                ),
                Choice(
                    _("No: two of three is nearly all."),
                    _("Somebody who is right half the time gets two of three right just as easily."),
                ),
                Choice(
                    _("Three predictions cannot tell."),
                    _(
                        "Three answers fit a share of 90 % as well as one of 50 %. Yours are collected, lesson after "
                        "lesson, until there are enough."
                    ),
                    right=True,
                ),
            ],
        ),
        Numeric(
            "well_calibrated",
            _("You make 20 predictions, 70 % sure of each. How many come true, if your 70 % means what it says?"),
            right=14,
            tolerance=0.5,
            unit=_("predictions"),
            because=_("70 % sure means that seven of ten such predictions come true, so 14 of 20."),
            near=[
                Near(20, _("All of them would mean 100 % sure. Whoever is always right at 70 % is not sure enough.")),
                Near(7, _("Seven would be right of ten; here are twenty.")),
                Near(6, _("Six is how many fail.")),
            ],
        ),
        Order(
            "steps",
            _("In which order does a lesson want you to work?"),
            [
                Choice(_("Run the measurement"), _("After the run you know the number; nothing is left to predict.")),
                Choice(_("Compare"), _("There is nothing to compare before you have predicted and measured.")),
                Choice(_("Predict, and say how sure you are"), _("A prediction made after the run is none.")),
            ],
            right="cab",
            because=_("The surprise is what stays in mind, and only a prediction can be surprised."),
        ),
    ],
)
