"""Lesson 17: perturbation tests."""

from __future__ import annotations

from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.content import perturbation_judges as judges
from mlops_lab.lessons.exercise import Exercise, Wrong
from mlops_lab.lessons.outline import Outline
from mlops_lab.lessons.prediction import Prediction
from mlops_lab.lessons.quiz import Choice, Multiple, Near, Numeric, Order, Question, Single

EDGE = Exercise(
    "edge",
    ask=_(
        "Up to which strength does model B pass, from which on does it fail, and what can be said between? At most two "
        "points of accuracy may be lost."
    ),
    start="""edge = {
    "passes": ...,   # the largest strength in the table that passes
    "fails": ...,    # the smallest that fails
    "between": ...,  # "pass", "fail" or "can't tell"
}""",
    solution="""edge = {
    "passes": curve.loc[curve["high"] <= 0.02, "strength"].max(),
    "fails": curve.loc[curve["low"] > 0.02, "strength"].min(),
    "between": "can't tell",
}""",
    judge=judges.edge,
    hints=[
        _("A verdict looks at the whole interval, not at its middle."),
        _("It passes where `high` is at most 0.02, and fails where `low` is above 0.02."),
        _('`curve.loc[curve["high"] <= 0.02, "strength"].max()`, and the same with `low` and `.min()`.'),
    ],
    wrong={
        "estimates_decide": Wrong(
            """edge = {
    "passes": curve.loc[curve["estimate"] <= 0.02, "strength"].max(),
    "fails": curve.loc[curve["estimate"] > 0.02, "strength"].min(),
    "between": "can't tell",
}""",
            _(
                "you compared estimates. Other rows give another estimate; only up to {passes:g} and from {fails:g} on "
                "does the whole interval lie on one side."
            ),
        ),
        "touches": Wrong(
            """edge = {
    "passes": curve.loc[curve["low"] <= 0.02, "strength"].max(),
    "fails": curve.loc[curve["low"] > 0.02, "strength"].min(),
    "between": "can't tell",
}""",
            _("at {strength:g} the interval reaches up to {high:.1f} points: the truth may be above two."),
        ),
        "not_shown": Wrong(
            """edge = {
    "passes": curve.loc[curve["high"] <= 0.02, "strength"].max(),
    "fails": curve.loc[curve["high"] > 0.02, "strength"].min(),
    "between": "fail",
}""",
            _("at {strength:g} the interval begins at {low:.1f} points: the truth may still be below two."),
        ),
        "too_careful": Wrong(
            """edge = {"passes": curve["strength"].min(), "fails": curve["strength"].max(), "between": "can't tell"}""",
            _("the table says more: everything up to {passes:g} passes, and {fails:g} already fails."),
        ),
        "must_be_one": Wrong(
            """edge = {
    "passes": curve.loc[curve["high"] <= 0.02, "strength"].max(),
    "fails": curve.loc[curve["low"] > 0.02, "strength"].min(),
    "between": "fail",
}""",
            _(
                "between {passes:g} and {fails:g} two points lie inside the interval, so neither pass nor fail is "
                "shown. To say one of them all the same is a guess."
            ),
        ),
    },
)

BRITTLE = Exercise(
    "brittle",
    ask=_(
        "Write `is_brittle(model, X, y)`: True for a model that a little noise on `distance_km` throws about, also "
        "where its accuracy does not show it, and False for a sound one, on many rows and on few."
    ),
    start="def is_brittle(model, X, y):\n    ...",
    solution="""def is_brittle(model, X, y):
    check = ev.Perturbation(ev.noise("distance_km", sd=0.1), max_drop=0.02)
    result = ev.Suite([check]).run(model, X, y, progress=False).results[0]
    return result.verdict == "fail" or bool(result.details["flips_low"].iloc[0] > 0.05)""",
    judge=judges.brittle,
    seconds=60,
    hints=[
        _("You have seen a model whose decisions flip while its accuracy stays. What would show it?"),
        _("`result.details` holds the drop and the flips, both with their intervals."),
        _("Brittle is: the verdict is `fail`, or `flips_low` is above what you allow, such as 0.05."),
    ],
    wrong={
        "jittery": Wrong(
            """def is_brittle(model, X, y):
    check = ev.Perturbation(ev.noise("distance_km", sd=0.1), max_drop=0.02)
    return ev.Suite([check]).run(model, X, y, progress=False).verdict == "fail\"""",
            _(
                "it looks at the accuracy only. One model that it spared flips a third of its decisions under the "
                "noise: as many become right as become wrong."
            ),
        ),
        "brittle": Wrong(
            """def is_brittle(model, X, y):
    check = ev.Perturbation(ev.noise("traffic", sd=0.1), max_drop=0.02)
    result = ev.Suite([check]).run(model, X, y, progress=False).results[0]
    return result.verdict == "fail" or bool(result.details["flips_low"].iloc[0] > 0.05)""",
            _(
                "it spared model B, whose accuracy falls by several points: disturb `distance_km`, by a tenth of "
                "its spread."
            ),
        ),
        "clean": Wrong(
            """def is_brittle(model, X, y):
    check = ev.Perturbation(ev.noise("distance_km", sd=0.1), max_drop=0.02)
    result = ev.Suite([check]).run(model, X, y, progress=False).results[0]
    return bool(result.extras["flip_rate"] > 0)""",
            _(
                "it accuses the sound model. Every model flips a few decisions, those that were near the border; ask "
                "for more than that."
            ),
        ),
        "few": Wrong(
            """def is_brittle(model, X, y):
    check = ev.Perturbation(ev.noise("distance_km", sd=0.1), max_drop=0.02)
    result = ev.Suite([check]).run(model, X, y, progress=False).results[0]
    return result.verdict != "pass" or bool(result.details["flips_low"].iloc[0] > 0.05)""",
            _(
                "it accuses the sound model where there are few rows: `inconclusive` says that the rows can't tell, "
                "not that the model is brittle."
            ),
        ),
    },
)

MEND = Exercise(
    "mend",
    ask=_(
        "One source writes its distances in another unit. Find it, and write `mend(trips)`: it returns the trips with "
        "`distance_reported` in kilometres everywhere, and leaves everything else as it is."
    ),
    start="def mend(trips):\n    ...",
    solution="""def mend(trips):
    miles = trips["source"] == "partner"
    kilometres = trips["distance_reported"] * 1.609344
    return trips.assign(distance_reported=kilometres.where(miles, trips["distance_reported"]))""",
    judge=judges.mend,
    hints=[
        _("A slip in the unit is a factor. For which trips is it not 1?"),
        _('`(trips["distance_reported"] / trips["distance_km"]).groupby(trips["source"]).median()`'),
        _("Multiply the partner's distances by 1.609344, and use `assign` so that the table you got stays as it is."),
    ],
    wrong={
        "everything": Wrong(
            """def mend(trips):
    return trips.assign(distance_reported=trips["distance_reported"] * 1.609344)""",
            _(
                "you multiplied everything; {share:.0%} of the other sources' trips were in kilometres and no longer "
                "are."
            ),
        ),
        "other_way": Wrong(
            """def mend(trips):
    miles = trips["source"] == "partner"
    smaller = trips["distance_reported"] / 1.609344
    return trips.assign(distance_reported=smaller.where(miles, trips["distance_reported"]))""",
            _("you divided: a mile is more than a kilometre, so the number of kilometres is the larger one."),
        ),
        "by_guess": Wrong(
            """def mend(trips):
    miles = trips["distance_reported"] < 3
    kilometres = trips["distance_reported"] * 1.609344
    return trips.assign(distance_reported=kilometres.where(miles, trips["distance_reported"]))""",
            _(
                "you chose the trips by how long they are. Short trips come from every source: look at who wrote the "
                "distance."
            ),
        ),
        "drops_rows": Wrong(
            """def mend(trips):
    return trips[trips["source"] != "partner"]""",
            _("{rows:,} trips are gone. They are still driven, and somebody still has to price them."),
        ),
        "in_place": Wrong(
            """def mend(trips):
    miles = trips["source"] == "partner"
    trips.loc[miles, "distance_reported"] *= 1.609344
    return trips""",
            _("it changes the table that it was given: call it twice, and the distances are mended twice."),
        ),
    },
)

FEW = Exercise(
    "few",
    ask=_(
        "On these rows the accuracy did not fall at all. Is the model robust? Give the largest drop that the rows "
        "still allow, and how many rows would tell."
    ),
    start="""decision = {
    "robust": ...,  # "yes", "no" or "can't tell"
    "worst": ...,   # the largest drop that fits with these rows
    "rows": ...,    # how many rows would tell
}""",
    solution="""decision = {"robust": "can't tell", "worst": result.high, "rows": result.rows_needed}""",
    judge=judges.few,
    hints=[
        _("How would these few rows look if the model lost five points?"),
        _("The interval goes from `result.low` to `result.high`; the tolerance lies inside."),
        _("`worst` is `result.high`, and `rows` is `result.rows_needed`."),
    ],
    wrong={
        "no_drop": Wrong(
            """decision = {"robust": "yes", "worst": result.high, "rows": result.rows_needed}""",
            _(
                "no drop on {rows} rows is no proof of none: a model that loses up to {high:.0f} points can look just "
                "like this."
            ),
        ),
        "wide_is_bad": Wrong(
            """decision = {"robust": "no", "worst": result.high, "rows": result.rows_needed}""",
            _(
                "the interval from {low:.0f} to {high:.0f} points holds bad models and good ones; a wide interval "
                "accuses the data, not the model."
            ),
        ),
        "estimate_is_worst": Wrong(
            """decision = {"robust": "can't tell", "worst": result.estimate, "rows": result.rows_needed}""",
            _("that is what was seen. What still fits with it reaches up to {high:.0f} points."),
        ),
        "own_rows": Wrong(
            """decision = {"robust": "can't tell", "worst": result.high, "rows": result.rows}""",
            _("{rows} is how many there are. About {needed:,.0f} would be needed."),
        ),
    },
)

QUIZ: list[Question] = [
    Single(
        "spread",
        _("Why is noise given in standard deviations of the column, and not in its own unit?"),
        [
            Choice(
                _("So that one number is as strong for an age as for a distance."),
                _(
                    "A tenth of the usual spread is a small slip for any column; one unit may be nothing, or "
                    "everything."
                ),
                right=True,
            ),
            Choice(_("Because noise must be normal."), _("The shape of the noise is another question than its size.")),
            Choice(
                _("Because models are fitted on standardised columns."),
                _("Some are; the noise is put on the raw column, before the model prepares anything."),
            ),
        ],
    ),
    Single(
        "cancel",
        _("Under noise, accuracy falls by 0.1 points and 8 % of the decisions flip. What do you know?"),
        [
            Choice(
                _("The model is robust: its accuracy stays."),
                _("Eight of a hundred customers get another answer than yesterday, for no reason that they could see."),
            ),
            Choice(
                _("The counting is wrong: more flips must mean a larger drop."),
                _("A flip can go either way: from right to wrong, or from wrong to right."),
            ),
            Choice(
                _("About as many decisions became right as became wrong."),
                _("They cancel in the accuracy, and each of them is still a changed decision."),
                right=True,
            ),
        ],
    ),
    Numeric(
        "drop",
        _(
            "Of 10,000 rows, 700 go from right to wrong and 650 from wrong to right. By how many points does accuracy "
            "fall?"
        ),
        right=0.5,
        tolerance=0.01,
        unit=_("points"),
        because=_("700 − 650 = 50 more wrong answers in 10,000 rows: half a point."),
        near=[
            Near(7, _("That counts what was lost, and forgets what was gained.")),
            Near(13.5, _("That is the share of decisions that flipped.")),
            Near(50, _("50 rows; a point is one row in a hundred.")),
        ],
    ),
    Single(
        "paired",
        _("Why are the same rows predicted before and after the change, and not two samples?"),
        [
            Choice(_("It saves rows."), _("It costs as many predictions. The gain is elsewhere.")),
            Choice(
                _("What makes a row hard is the same both times, so it cancels."),
                _("Only rows whose answer changed are left to make noise, so small drops can be told."),
                right=True,
            ),
            Choice(
                _("A model may not see a row twice."),
                _("Predicting teaches it nothing; it may see it as often as you like."),
            ),
        ],
    ),
    Single(
        "all_at_once",
        _("Noise on all columns at once costs six points. What now?"),
        [
            Choice(
                _("Disturb each column alone, and rank them."),
                _("One column may carry all of it, and only it has to be guarded."),
                right=True,
            ),
            Choice(_("Train a more robust model."), _("Against what? You do not know yet which column it was.")),
            Choice(
                _("Divide by the number of columns."),
                _("Drops do not share out evenly: in this lesson two columns carry nearly everything."),
            ),
        ],
    ),
    Multiple(
        "typed",
        _("Which of these happen to a column that people type in?"),
        [
            Choice(_("gaps"), _("Fields are skipped."), right=True),
            Choice(_("typos and wrong levels"), _("The finger slips, or the line above is taken."), right=True),
            Choice(_("another unit"), _("Somebody thinks in miles."), right=True),
            Choice(
                _("noise of a thousandth"),
                _("That is what a sensor does. Whoever types, rounds; the error is none, or large."),
            ),
        ],
        because=_("Take the changes that happen where the column comes from: that is what makes the test realistic."),
    ),
    Order(
        "steps",
        _("A perturbation check fails in your pipeline. In which order do you work?"),
        [
            Choice(
                _("Mend the source, or train with such errors"),
                _("Before you know the column there is nothing to mend."),
            ),
            Choice(_("Look at the worst rows"), _("First find the column; then its worst rows say why.")),
            Choice(_("Rank the columns"), _("That comes first: where is it?")),
        ],
        right="cba",
        because=_("Where, then why, then what to do about it."),
    ),
]

LESSON = Outline(
    title=_("Perturbation"),
    question=_("Two models, same accuracy. Which one breaks?"),
    minutes=40,
    needs=[_("lesson 00, so that you know how a lesson works")],
    covers=["A5", "E1", "W4", "W5", "W6"],
    layer="evaluation",
    predictions=[
        Prediction(
            "which",
            _("Both models are right equally often. Which one will suffer more when the distances get a little noise?"),
            choices={"a": _("model A"), "b": _("model B")},
        ),
        Prediction(
            "loses",
            _(
                "The noise is a tenth of the distances' usual spread. How many points of accuracy will the worse model "
                "lose?"
            ),
            unit=_("points"),
            within=0.3,
        ),
        Prediction(
            "flips",
            _(
                "A decision tree on the census. Age and hours per week get noise of a fifth of their spread. Of a "
                "hundred decisions, how many will change?"
            ),
            unit=_("decisions"),
            within=0.3,
        ),
        Prediction(
            "lost",
            _("And how much accuracy will the tree lose by that?"),
            choices={"more": _("more than 4 points"), "some": _("1 to 4 points"), "less": _("less than 1 point")},
        ),
    ],
    exercises=[EDGE, BRITTLE, MEND, FEW],
    quiz=QUIZ,
)
