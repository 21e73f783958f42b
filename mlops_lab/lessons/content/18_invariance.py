"""Lesson 18: invariance tests."""

from __future__ import annotations

from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.content import invariance_judges as judges
from mlops_lab.lessons.content.invariance_quiz import questions
from mlops_lab.lessons.exercise import Exercise, Wrong
from mlops_lab.lessons.outline import Outline
from mlops_lab.lessons.prediction import Prediction

CHANGE_RATE = Exercise(
    "change_rate",
    ask=_(
        "Write `change_rate(model, X, column)`: the share of the rows whose decision, `model.predict`, changes when "
        "`column` gets at least one other of its levels and all else is kept."
    ),
    start="def change_rate(model, X, column):\n    ...",
    solution="""def change_rate(model, X, column):
    before = model.predict(X)
    changed = pd.Series(False, index=X.index)
    for level in X[column].unique():
        changed |= model.predict(X.assign(**{column: level})) != before
    return changed.mean()""",
    judge=judges.change_rate,
    hints=[
        _("Compare each row with itself. What would it be told if it had another level?"),
        _("Give all rows one level, predict, compare with before; and so for each level."),
        _("`changed |= model.predict(X.assign(**{column: level})) != before`, and at the end `changed.mean()`."),
    ],
    wrong={
        "group_rates": Wrong(
            """def change_rate(model, X, column):
    shares = pd.Series(model.predict(X), index=X.index).groupby(X[column]).mean()
    return shares.max() - shares.min()""",
            _(
                "it compares groups. The model of the check gives one group what it takes from it elsewhere: the "
                "shares are equal, and a fifth of the rows would be told something else."
            ),
        ),
        "shuffled": Wrong(
            """def change_rate(model, X, column):
    mixed = X.assign(**{column: X[column].sample(frac=1).to_numpy()})
    return (model.predict(mixed) != model.predict(X)).mean()""",
            _(
                "it said {low:.1%} and then {high:.1%} of the same rows. A shuffled column also gives many rows the "
                "level that they had."
            ),
        ),
        "one_level": Wrong(
            """def change_rate(model, X, column):
    level = X[column].iloc[0]
    return (model.predict(X.assign(**{column: level})) != model.predict(X)).mean()""",
            _(
                "whoever already has that level was never tried, and counts as unchanged: {share:.0%} instead of "
                "{right:.0%}."
            ),
        ),
        "counted_twice": Wrong(
            """def change_rate(model, X, column):
    before = model.predict(X)
    return sum((model.predict(X.assign(**{column: level})) != before).mean() for level in X[column].unique())""",
            _(
                "with three levels a row can change under both others, and counts twice: {share:.1%} instead of "
                "{right:.0%}."
            ),
        ),
    },
)

GONE = Exercise(
    "gone",
    ask=_(
        "Is it gone? Give the smallest share of the distance that still fits with these rows in the model trained "
        "without `sex`, and how well the others tell it without `relationship` and `marital_status`."
    ),
    start="""decision = {
    "gone": ...,   # "yes", "no" or "can't tell"
    "least": ...,  # the smallest share that still fits
    "told": ...,   # an area under the curve
}""",
    solution="""shares = audit.gaps.set_index("of")["share_low"]
decision = {"gone": "no", "least": shares["model trained without"], "told": audit.fall["auc"].iloc[-1]}""",
    judge=judges.gone,
    hints=[
        _("The invariance check says that the column is not read. Does that say what the other columns know?"),
        _("`audit.gaps` has a row for the model trained without; the smallest share is `share_low`."),
        _('`audit.gaps.set_index("of").loc["model trained without", "share_low"]`; `audit.fall["auc"].iloc[-1]`.'),
    ],
    wrong={
        "column_gone": Wrong(
            """decision = {"gone": "yes", "least": 0.0, "told": 0.5}""",
            _("the column is; {share:.0%} of the distance between men and women are still there."),
        ),
        "too_careful": Wrong(
            """shares = audit.gaps.set_index("of")["share_low"]
decision = {"gone": "can't tell", "least": shares["model trained without"], "told": audit.fall["auc"].iloc[-1]}""",
            _("these rows can tell: between {low:.0%} and {high:.0%} remain. All of that is far from none."),
        ),
        "estimate": Wrong(
            """shares = audit.gaps.set_index("of")["share"]
decision = {"gone": "no", "least": shares["model trained without"], "told": audit.fall["auc"].iloc[-1]}""",
            _("that is the estimate. What fits with these rows begins lower, at {low:.1%}."),
        ),
        "old_model": Wrong(
            """shares = audit.gaps.set_index("of")["share_low"]
decision = {"gone": "no", "least": shares["model without the column"], "told": audit.fall["auc"].iloc[-1]}""",
            _(
                "that is the old model, not told the sex. Trained anew it takes more from the other columns: look at "
                "the row of the model trained without."
            ),
        ),
        "with_all": Wrong(
            """shares = audit.gaps.set_index("of")["share_low"]
decision = {"gone": "no", "least": shares["model trained without"], "told": audit.auc.estimate}""",
            _("that is with all columns. Without {left_out} it is {auc:.3f}: less, and still far above guessing."),
        ),
    },
)

STRANGER = Exercise(
    "stranger",
    ask=_(
        "`stranger` passes without one change. Which column does it read in place of the sex, and how many of its "
        "decisions change when that column is exchanged?"
    ),
    start="""found = {
    "column": ...,  # which column, or "none"
    "rate": ...,    # share of the decisions that change with it
}""",
    solution="""check = ev.Invariance("rider_plan")
rate = ev.Suite([check]).run(stranger, X, late, progress=False).results[0].estimate
found = {"column": "rider_plan", "rate": rate}""",
    judge=judges.stranger,
    hints=[
        _("Which column tells the sex? `ev.proxy_audit` ranks them."),
        _('`ev.proxy_audit(stranger, X, column="rider_sex", progress=False).columns.head()`'),
        _('Then `ev.Invariance("rider_plan")` in a suite, with `stranger`, `X` and `late`: its estimate is the rate.'),
    ],
    wrong={
        "passed": Wrong(
            """found = {"column": "none", "rate": 0.0}""",
            _("it passed because it does not read the sex. Women still get other answers than men: look at `gap`."),
        ),
        "reads_it": Wrong(
            """found = {"column": "rider_sex", "rate": 0.0}""",
            _("it does not read `{column}`: exchange it, and not one decision changes. Another column tells it."),
        ),
        "no_proxy": Wrong(
            """found = {"column": "vehicle", "rate": 0.05}""",
            _("`{column}` hardly tells the sex, so it cannot stand in for it, whatever the model makes of it."),
        ),
        "other_rate": Wrong(
            """audit = ev.proxy_audit(stranger, X.head(5000), column="rider_sex", progress=False)
found = {"column": "rider_plan", "rate": audit.share.estimate}""",
            _(
                "the column is right, and {rate:.0%} is not the share of the decisions: exchange this column in an "
                "invariance check of its own."
            ),
        ),
    },
)

UNEQUAL = Exercise(
    "unequal",
    ask=_(
        "Write `is_unequal(model, X, y)`: True for a model that treats women and men differently, itself or by a "
        "proxy; False for a sound one, on many rows and on few."
    ),
    start="def is_unequal(model, X, y):\n    ...",
    solution="""def is_unequal(model, X, y):
    check = ev.Invariance("rider_sex", max_change_rate=0.01)
    result = ev.Suite([check]).run(model, X, y, progress=False).results[0]
    low, high = result.extras["gap_without_column_interval"]
    return result.verdict == "fail" or bool(low > 0.01 or high < -0.01)""",
    judge=judges.unequal,
    seconds=60,
    hints=[
        _("Two ways to treat people differently: read the sex, or read what tells it. Each needs a look of its own."),
        _("`verdict` says whether the sex is read; `extras` holds the distance that remains without it."),
        _('Unequal is: the verdict is `fail`, or all of `extras["gap_without_column_interval"]` is beyond 0.01.'),
    ],
    wrong={
        "uses_sex": Wrong(
            """def is_unequal(model, X, y):
    right = pd.Series(model.predict(X) == y).groupby(X["rider_sex"]).mean()
    return bool(right.max() - right.min() > 0.02)""",
            _(
                "it compares how often the model is right. One that it spared is right equally often for women and "
                "men, and promises women far more often that they will be late."
            ),
        ),
        "uses_proxy": Wrong(
            """def is_unequal(model, X, y):
    check = ev.Invariance("rider_sex", max_change_rate=0.01)
    return ev.Suite([check]).run(model, X, y, progress=False).verdict == "fail\"""",
            _("it spared the model that never reads the sex, and reads the plan instead."),
        ),
        "crossed": Wrong(
            """def is_unequal(model, X, y):
    late = pd.Series(model.predict(X), index=X.index).groupby(X["rider_sex"]).mean()
    return bool(late.max() - late.min() > 0.02)""",
            _(
                "it compares averages of the groups. One model that it spared favours women in two cities and men in "
                "the two others: it cancels on average, and for nobody else."
            ),
        ),
        "masked": Wrong(
            """def is_unequal(model, X, y):
    score = pd.Series(model.predict_proba(X)[:, 1], index=X.index)
    means = score.groupby([X["city"], X["rider_sex"]]).mean().unstack()
    return bool((means["female"] - means["male"]).abs().max() > 0.04)""",
            _(
                "one model that it spared gives by the sex what it takes by the plan. The groups' scores are equal, "
                "and two people who differ in nothing but the sex get different answers."
            ),
        ),
        "rare": Wrong(
            """def is_unequal(model, X, y):
    check = ev.Invariance("rider_sex", max_change_rate=0.05)
    result = ev.Suite([check]).run(model, X, y, progress=False).results[0]
    low, high = result.extras["gap_without_column_interval"]
    return result.verdict == "fail" or bool(low > 0.01 or high < -0.01)""",
            _(
                "it allows too much: one model that it spared reads the sex in one district only, where it decides "
                "otherwise for many."
            ),
        ),
        "clean": Wrong(
            """def is_unequal(model, X, y):
    audit = ev.proxy_audit(model, X, column="rider_sex", progress=False)
    return bool(audit.auc.low > 0.5)""",
            _(
                "it accuses the sound model. How women's trips differ from men's, and what other columns tell of the "
                "sex, is true of the trips, whatever the model makes of it: ask the model."
            ),
        ),
        "few": Wrong(
            """def is_unequal(model, X, y):
    check = ev.Invariance("rider_sex", max_change_rate=0.01)
    result = ev.Suite([check]).run(model, X, y, progress=False).results[0]
    low, high = result.extras["gap_without_column_interval"]
    return result.verdict != "pass" or bool(low > 0.01 or high < -0.01)""",
            _(
                "it accuses the sound model where there are few rows: `inconclusive` says that the rows can't tell, "
                "not that the model is unequal."
            ),
        ),
    },
)

FORTY = Exercise(
    "forty",
    ask=_(
        "Does the model stay within the one in a hundred that is allowed? Give the largest change rate that these rows "
        "still allow, and how many rows would tell."
    ),
    start="""decision = {
    "invariant": ...,  # "yes", "no" or "can't tell"
    "worst": ...,      # the largest change rate that fits with these rows
    "rows": ...,       # how many rows would tell
}""",
    solution="""decision = {"invariant": "can't tell", "worst": result.high, "rows": result.rows_needed}""",
    judge=judges.forty,
    hints=[
        _("How often would a model that changes three of a hundred decisions show none among forty?"),
        _("The interval goes from `result.low` to `result.high`; is the tolerance inside?"),
        _("`worst` is `result.high`, and `rows` is `result.rows_needed`."),
    ],
    wrong={
        "no_change": Wrong(
            """decision = {"invariant": "yes", "worst": result.high, "rows": result.rows_needed}""",
            _("no change in {rows} rows also happens to a model that changes up to {high:.1%}: none seen is not none."),
        ),
        "wide_is_bad": Wrong(
            """decision = {"invariant": "no", "worst": result.high, "rows": result.rows_needed}""",
            _("nothing speaks against it: the interval from 0 to {high:.1%} holds good models and bad ones."),
        ),
        "estimate_is_worst": Wrong(
            """decision = {"invariant": "can't tell", "worst": result.estimate, "rows": result.rows_needed}""",
            _("that is what was seen. What still fits with it reaches up to {high:.1%}."),
        ),
        "own_rows": Wrong(
            """decision = {"invariant": "can't tell", "worst": result.high, "rows": result.rows}""",
            _("{rows} is how many there are. About {needed:,.0f} would be needed."),
        ),
    },
)

LESSON = Outline(
    title=_("Invariance"),
    question=_("You dropped `sex`. Is it gone?"),
    minutes=45,
    needs=[_("lesson 17, for what a check and its interval are")],
    covers=["A5", "E2", "W4", "W5", "W6"],
    layer="evaluation",
    predictions=[
        Prediction(
            "most",
            _("Everybody gets the other sex, all else kept. Which model changes its decision most often?"),
            choices={
                "logistic": _("the logistic regression"),
                "tree": _("the decision tree"),
                "boosting": _("the gradient boosting"),
            },
        ),
        Prediction(
            "told",
            _(
                "A man and a woman are drawn at random. How often can another model, which sees everything but the "
                "sex, say which of them is the man?"
            ),
            choices={
                "sixty": _("up to 60 of a hundred times"),
                "eighty": _("60 to 80 of a hundred"),
                "ninety": _("80 to 90 of a hundred"),
                "more": _("more than 90 of a hundred"),
            },
        ),
        Prediction(
            "kept",
            _(
                "Boosting scores men higher than women on average. It is trained again without the column `sex`. How "
                "many of a hundred parts of that distance remain?"
            ),
            unit=_("of a hundred"),
            within=0.1,
        ),
    ],
    exercises=[CHANGE_RATE, GONE, STRANGER, UNEQUAL, FORTY],
    quiz=questions(),
)
