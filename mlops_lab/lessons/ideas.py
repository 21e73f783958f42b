"""Five ideas, asked before the first lesson on evaluation and after the last, so that learner and teacher see the gain.

The questions are asked in lesson 00, where nothing is measured, and again at the end of lesson 22, where it is. They
are about other models, columns and data than the lessons show, so that a right answer is more than a good memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_lab.errors import InputError
from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.card import Card, Table
from mlops_lab.lessons.prediction import Prediction
from mlops_lab.lessons.progress import Record
from mlops_lab.lessons.words import fill

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FIRST", "LAST", "five_ideas", "gain_card", "of_class"]

FIRST, LAST = "00_start_here", "22_slices"
GRACE = timedelta(hours=1)  # in which a first answer may still be changed


def five_ideas() -> list[Prediction]:
    """Return the questions: one for each large wrong idea of lessons 17 to 22."""
    return [
        Prediction(
            "idea_noise",
            _(
                "A decision tree says which rides will be late. Its traffic figures get a little noise, and it is "
                "right as often as before, to within a point. Of a hundred decisions, how many are others now?"
            ),
            choices={"few": _("fewer than 2"), "some": _("2 to 5"), "many": _("more than 5")},
        ),
        Prediction(
            "idea_proxy",
            _(
                "A model says who earns well; the column `sex` was taken out before it was trained. Men do earn well "
                "more often. How much of that difference do its scores still show?"
            ),
            choices={"none": _("less than a quarter"), "half": _("about half"), "most": _("more than three quarters")},
        ),
        Prediction(
            "idea_direction",
            _(
                "On average, this model's score rises with the hours that somebody works. Everybody works five hours "
                "more, all else kept. For how many people of a hundred does the score fall?"
            ),
            choices={"none": _("none"), "few": _("up to 5"), "many": _("more than 5")},
        ),
        Prediction(
            "idea_confidence",
            _(
                "A simple model, naive Bayes, is more than 90 % sure of each of a hundred people that they earn well. "
                "How many of them do?"
            ),
            choices={"sure": _("at least 85"), "most": _("60 to 85"), "fewer": _("fewer than 60")},
        ),
        Prediction(
            "idea_slices",
            _(
                "A hundred groups of rides are drawn by lot, and the one in which a model looks worst is picked. On "
                "new rides of that group, how much of its gap is left?"
            ),
            choices={"all": _("nearly all"), "half": _("about half"), "nothing": _("nearly nothing")},
        ),
    ]


def short_names() -> dict[str, str]:
    """Return what each idea is about, in a few words."""
    return {
        "idea_noise": _("no drop, no change"),
        "idea_proxy": _("column gone, problem gone"),
        "idea_direction": _("the trend holds for everybody"),
        "idea_confidence": _("90 % sure is 90 % right"),
        "idea_slices": _("the worst group is that bad"),
    }


def before(record: Record, name: str) -> tuple[str, float] | None:
    """Return answer and confidence of the first time: changes within an hour count, those of later lessons do not."""
    given = record["lessons"].get(FIRST, {}).get("predictions", {}).get(name, {}).get("given", [])
    if not given:
        return None
    end = datetime.fromisoformat(given[0]["at"]) + GRACE
    last = [entry for entry in given if datetime.fromisoformat(entry["at"]) <= end][-1]
    return last["answer"], float(last["confidence"])


def after(record: Record, name: str) -> tuple[str, float] | None:
    """Return the last answer and confidence that were given in the last lesson before it measured."""
    part = record["lessons"].get(LAST, {}).get("predictions", {}).get(name, {})
    measured_at = part.get("measured_at")
    given = [entry for entry in part.get("given", []) if measured_at is None or entry["at"] <= measured_at]
    return (given[-1]["answer"], float(given[-1]["confidence"])) if given else None


def measured(record: Record, name: str) -> str | None:
    """Return what the last lesson measured, as a key of the choices."""
    found: str | None = record["lessons"].get(LAST, {}).get("predictions", {}).get(name, {}).get("measured")
    return found


def gain_card(record: Record) -> Card:
    """Put the answers of the first lesson beside those of the last.

    Parameters
    ----------
    record : dict
        What `mlops_lab.lessons.progress.Progress.read` returns.

    Returns
    -------
    Card
        One row an idea; says so where one of the two times is missing.
    """
    rows, known = [], [asked for asked in five_ideas() if measured(record, asked.name) is not None]
    for asked in known:
        right = measured(record, asked.name)
        cells = [short_names()[asked.name], asked.words(str(right))]
        for answer in (before(record, asked.name), after(record, asked.name)):
            cells += ["–", "–"] if answer is None else [told(asked, answer[0], right), f"{answer[1]:.0f} %"]
        rows.append(cells)
    if not rows:
        return Card("gain", [_("Nothing was measured yet: run the cells above.")])
    header = [_("idea"), _("measured"), _("before"), _("sure"), _("now"), _("sure")]
    table = Table(header, rows, [False, False, False, True, False, True], measured=True)
    return Card("gain", [table, sentence(record, known, before), sentence(record, known, after)])


def told(asked: Prediction, answer: str, right: str | None) -> str:
    """Return an answer with a sign that says whether it is right."""
    return f"{'✓' if answer == right else '✗'} {asked.words(answer)}"


def sentence(record: Record, known: list[Prediction], of: Any) -> str:
    """Say how many answers of one time were right, and how sure the learner was of them."""
    answers = {asked.name: of(record, asked.name) for asked in known}
    given = {name: answer for name, answer in answers.items() if answer is not None}
    if not given:
        if of is before:
            return _("You did not answer these questions in lesson 00, so there is nothing to compare with.")
        return _("You did not answer them in this lesson before they were measured.")
    right = sum(answer[0] == measured(record, name) for name, answer in given.items())
    sure = sum(answer[1] for answer in given.values()) / len(given)
    said = _("**Now**: {right} of {count} right, {sure:.0f} % sure on average.")
    if of is before:
        said = _("**Before**: {right} of {count} right, {sure:.0f} % sure on average.")
    return fill(said, right=right, count=len(given), sure=sure)


def of_class(files: Iterable[str | Path]) -> pd.DataFrame:
    """Count a class's answers before and after, from the learners' own files.

    Parameters
    ----------
    files : iterable of path
        ``progress.json`` of each learner.

    Returns
    -------
    DataFrame
        One row an idea: learners who answered both times, right and mean confidence in percent before and after.

    Raises
    ------
    InputError
        Where a file cannot be read as a learner's record.

    Examples
    --------
    >>> of_class([])["learners"].tolist()
    [0, 0, 0, 0, 0]
    """
    import pandas as pd

    records = [read(Path(file)) for file in files]
    rows = []
    for asked in five_ideas():
        row: dict[str, Any] = {"idea": asked.name}
        both = [one for one in records if before(one, asked.name) and after(one, asked.name)]
        row["learners"] = len(both)
        for name, of in (("before", before), ("after", after)):
            given = [(answer, measured(one, asked.name)) for one in both if (answer := of(one, asked.name))]
            row[f"right_{name}"] = sum(answer[0] == right for answer, right in given)
            row[f"sure_{name}"] = sum(answer[1] for answer, _right in given) / len(given) if given else float("nan")
        rows.append(row)
    return pd.DataFrame(rows)


def read(path: Path) -> Record:
    """Read one learner's record."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            _("The file {path} cannot be read ({problem}); give the progress.json of a learner.").format(
                path=str(path), problem=error
            )
        ) from error
    if not isinstance(record, dict) or not isinstance(record.get("lessons"), dict):
        raise InputError(_("The file {path} is no learner's record; give her progress.json.").format(path=str(path)))
    return record
