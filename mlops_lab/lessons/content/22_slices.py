"""Lesson 22: slice-based evaluation."""

from __future__ import annotations

from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.content import slices_judges as judges
from mlops_lab.lessons.exercise import Exercise, Wrong
from mlops_lab.lessons.ideas import five_ideas
from mlops_lab.lessons.outline import Outline
from mlops_lab.lessons.prediction import Prediction
from mlops_lab.lessons.quiz import Choice, Multiple, Near, Numeric, Order, Question, Single

DEPLOY = Exercise(
    "deploy",
    ask=_(
        "Next year a quarter of the customers will belong to the minority. For what share of the customers will each "
        "model be right then, and which one do you deploy?"
    ),
    start="""decision = {
    "deploy": ...,  # "A" or "B"
    "A": ...,       # share of right answers with next year's customers
    "B": ...,
}""",
    solution="""share = answers.groupby(["model", "group"])["right"].mean().unstack()
next_year = 0.75 * share["majority"] + 0.25 * share["minority"]
decision = {"deploy": next_year.idxmax(), "A": next_year["A"], "B": next_year["B"]}""",
    judge=judges.deploy,
    hints=[
        _("The overall share is a weighted mean of the two groups. Which weight will change?"),
        _("Take each model's share of right answers in each group, and weigh them with three quarters and a quarter."),
        _('`answers.groupby(["model", "group"])["right"].mean()` has the four shares.'),
    ],
    wrong={
        "overall_is_enough": Wrong(
            """overall = answers.groupby("model")["right"].mean()
decision = {"deploy": "A", "A": overall["A"], "B": overall["B"]}""",
            _("these are this year's shares. With next year's customers A is right for {then:.1%}, not for {now:.1%}."),
        ),
        "groups_count_the_same": Wrong(
            """means = answers.groupby(["model", "group"])["right"].mean().groupby("model").mean()
decision = {"deploy": "B", "A": means["A"], "B": means["B"]}""",
            _("a plain mean of the groups counts both as equally large; the minority will be a quarter, not half."),
        ),
        "wrong_way_round": Wrong(
            """share = answers.groupby(["model", "group"])["right"].mean().unstack()
turned = 0.25 * share["majority"] + 0.75 * share["minority"]
decision = {"deploy": "B", "A": turned["A"], "B": turned["B"]}""",
            _("the weights are the wrong way round: so three quarters would belong to the minority."),
        ),
        "minority_only": Wrong(
            """share = answers.groupby(["model", "group"])["right"].mean().unstack()["minority"]
decision = {"deploy": "B", "A": share["A"], "B": share["B"]}""",
            _(
                "you looked at the minority alone. To care for it may be right; but asked was for how many of all "
                "customers each model is right."
            ),
        ),
    },
)

SAME_MIX = Exercise(
    "same_mix",
    ask=_(
        "Write `same_mix(table)`: one row of the table is a group, with `rows_first`, `rows_second` and the shares "
        "`first` and `second`. Return first − second, if both sides had the groups in the mix of all rows together."
    ),
    start="def same_mix(table):\n    ...",
    solution="""def same_mix(table):
    rows = table["rows_first"] + table["rows_second"]
    return ((table["first"] - table["second"]) * rows).sum() / rows.sum()""",
    judge=judges.same_mix,
    hints=[
        _("Within a group both sides can be compared. How much does each group count?"),
        _("As much as it has rows, of both sides together."),
        _('A weighted mean of `table["first"] - table["second"]`; the weights are the sums of the rows.'),
    ],
    wrong={
        "own_mix": Wrong(
            """def same_mix(table):
    first = (table["first"] * table["rows_first"]).sum() / table["rows_first"].sum()
    second = (table["second"] * table["rows_second"]).sum() / table["rows_second"].sum()
    return first - second""",
            _(
                "each side is weighed with its own rows: that is the crude difference, {said:+.1f} points instead of "
                "{right:+.1f}, and it compares the mixes."
            ),
        ),
        "plain_mean": Wrong(
            """def same_mix(table):
    return (table["first"] - table["second"]).mean()""",
            _("a plain mean lets a group of ten rows count as much as one of ten thousand."),
        ),
        "mix_of_the_first": Wrong(
            """def same_mix(table):
    rows = table["rows_first"]
    return ((table["first"] - table["second"]) * rows).sum() / rows.sum()""",
            _("that is the mix of the first side. It answers another question; asked is the mix of all rows."),
        ),
        "turned_round": Wrong(
            """def same_mix(table):
    rows = table["rows_first"] + table["rows_second"]
    return ((table["second"] - table["first"]) * rows).sum() / rows.sum()""",
            _("the size is right and the sign is not: a difference is always the first minus the second."),
        ),
    },
)

SEEK = Exercise(
    "seek",
    ask=_(
        "Write `has_weak_slice(model, X, y)`: True where a group of rows, made of up to two columns, is really served "
        "more than ten points worse than all; False where it only looks so."
    ),
    start="def has_weak_slice(model, X, y):\n    ...",
    solution="""def has_weak_slice(model, X, y):
    check = ev.WeakSlices(max_depth=2, max_gap=0.1)
    return ev.Suite([check]).run(model, X, y, progress=False).verdict == "fail\"""",
    judge=judges.seek,
    seconds=60,
    hints=[
        _("Whoever looks at thousands of groups always finds a bad one. Which rows could tell whether it is?"),
        _("`ev.WeakSlices` finds on one half and confirms on the other, corrected for how many it found."),
        _("Run a suite of `ev.WeakSlices(max_gap=0.1)`; what does it say where a slice was confirmed?"),
    ],
    wrong={
        "hidden": Wrong(
            """def has_weak_slice(model, X, y):
    return bool((model.predict(X) == y).mean() < 0.75)""",
            _(
                "it spared a model that is fine overall and errs twice as often for one trip in eight: look into the "
                "groups, also into those that two columns make together."
            ),
        ),
        "small": Wrong(
            """def has_weak_slice(model, X, y):
    result = ev.Suite([ev.WeakSlices(max_gap=0.1)]).run(model, X, y, progress=False).results[0]
    large = result.details[result.details["rows"] > 0.05 * len(X)]
    return bool(large["confirmed"].any())""",
            _(
                "it leaves out what is less than five per cent of the rows. The slice that it missed has over a "
                "hundred rows and is wrong for most of them: count rows, not per cent."
            ),
        ),
        "luck": Wrong(
            """def has_weak_slice(model, X, y):
    result = ev.Suite([ev.WeakSlices(max_gap=0.1)]).run(model, X, y, progress=False).results[0]
    return bool((result.details["found_gap"] > 0.1).any())""",
            _(
                "it believes the rows that chose the slice. The groups of this model were drawn by lot, and among "
                "thousands of them some look bad."
            ),
        ),
        "few": Wrong(
            """def has_weak_slice(model, X, y):
    check = ev.WeakSlices(max_depth=2, max_gap=0.1)
    return ev.Suite([check]).run(model, X, y, progress=False).verdict != "pass\"""",
            _(
                "it accuses a model whose mistakes are chance. Its rows are few, so some group always looks bad: there "
                "a check says `inconclusive`, and that is not `fail`."
            ),
        ),
    },
)

WEAKEST = Exercise(
    "weakest",
    ask=_(
        "Where is the fault of your model? Of the slices that were confirmed, name the one that is furthest below all "
        "rows, and how far it is on rows that had no part in finding it."
    ),
    start="""fault = {
    "slice": ...,  # as it is written in the table
    "gap": ...,    # how far below all rows
}""",
    solution="""confirmed = details[details["confirmed"]].set_index("slice")
fault = {"slice": confirmed["gap"].idxmax(), "gap": confirmed["gap"].max()}""",
    judge=judges.weakest,
    hints=[
        _("Every slice of the table looked weak in the search. Which are left on the other half?"),
        _("Keep the rows of `details` that are `confirmed`, and take the one with the largest `gap`."),
        _("`found_gap` was seen on the rows that chose the slice, `gap` on the others."),
    ],
    wrong={
        "luck": Wrong(
            """worst = details.set_index("slice")["found_gap"]
fault = {"slice": worst.idxmax(), "gap": worst.max()}""",
            _(
                "it looked {found:.0f} points worse where it was found, and {fresh:.0f} on the other rows, which do "
                "not confirm it. The worst of many looks worse than it is."
            ),
        ),
        "most_errors": Wrong(
            """most = details.set_index("slice").sort_values("share_of_error").iloc[-1]
fault = {"slice": most.name, "gap": most["gap"]}""",
            _(
                "{share:.0%} of all mistakes lie there since it is large; its gap is {gap:.0f} points, and another "
                "confirmed slice has {worst:.0f}."
            ),
        ),
        "rows_that_chose": Wrong(
            """confirmed = details[details["confirmed"]].set_index("slice")
fault = {"slice": confirmed["gap"].idxmax(), "gap": confirmed.loc[confirmed["gap"].idxmax(), "found_gap"]}""",
            _("the slice is right, and the number is that of the rows that chose it; give that of the other rows."),
        ),
        "another_number": Wrong(
            """confirmed = details[details["confirmed"]].set_index("slice")
fault = {"slice": confirmed["gap"].idxmax(), "gap": confirmed.loc[confirmed["gap"].idxmax(), "share_of_error"]}""",
            _("the slice is right; {said:.3f} is not how far it lies below all rows, to three digits."),
        ),
    },
)

NINE = Exercise(
    "nine",
    ask=_("Is this group served well? Give the largest gap that its rows still allow, too."),
    start="""decision = {
    "served": ...,  # "well", "badly" or "can't tell"
    "worst": ...,   # the largest gap that fits with these rows
}""",
    solution="""decision = {"served": "can't tell", "worst": row["high"]}""",
    judge=judges.nine,
    hints=[
        _("How would nine rows look if the model erred for one in four?"),
        _("The gap's interval goes from `low` to `high`; a negative gap means better than all."),
        _('`worst` is `row["high"]`.'),
    ],
    wrong={
        "no_mistake": Wrong(
            """decision = {"served": "well", "worst": row["high"]}""",
            _("{rows} rows look just like this in a group that is served up to {high:.0f} points worse."),
        ),
        "too_few_is_bad": Wrong(
            """decision = {"served": "badly", "worst": row["high"]}""",
            _(
                "the interval from {low:.0f} to {high:.0f} points holds groups that are served better than all, too; "
                "few rows accuse the data, not the model."
            ),
        ),
        "estimate_is_worst": Wrong(
            """decision = {"served": "can't tell", "worst": row["gap"]}""",
            _("that is what was seen. What still fits with these rows reaches up to {high:.0f} points."),
        ),
        "best_for_worst": Wrong(
            """decision = {"served": "can't tell", "worst": row["low"]}""",
            _("{low:.0f} points is the best that fits, since a gap below 0 means better than all; asked is the worst."),
        ),
    },
)

QUIZ: list[Question] = [
    Single(
        "overall",
        _("Model A is right more often than B. What do you know about one group of customers?"),
        [
            Choice(
                _("A is right more often there, too."),
                _("The lecture's table is the counterexample: a gain for many hides a loss for few."),
            ),
            Choice(_("Nothing yet."), _("An average over all says nothing of a part; measure the part."), right=True),
            Choice(_("B is better there."), _("It may be, and may not be; the average does not say.")),
        ],
    ),
    Numeric(
        "mix",
        _("80 % of the rows are in one group, right in 90 % of them; the rest are right in 40 %. Right overall?"),
        right=80,
        tolerance=0.01,
        unit=_("%"),
        because=_("0.8 · 90 + 0.2 · 40 = 80."),
        near=[
            Near(65, _("That is the plain mean, as if both groups were equally large.")),
            Near(50, _("The weights are the wrong way round.")),
            Near(90, _("That forgets the smaller group.")),
        ],
    ),
    Single(
        "paradox",
        _("Two models are compared on the same rows. Can B be better in every group, and worse overall?"),
        [
            Choice(
                _("Yes, that is Simpson's paradox."),
                _("The paradox needs two sides that come in different mixes. Here both have the same rows."),
            ),
            Choice(
                _("No: both have the same mix, and a mean of gains is a gain."),
                _("That is why one changes the mix to see it, to next year's, for example."),
                right=True,
            ),
            Choice(_("Only where the groups are small."), _("It has nothing to do with size.")),
        ],
    ),
    Single(
        "within",
        _("Which column must you not look within, when you ask whether pooled rides come late more often?"),
        [
            Choice(_("the district"), _("It is there before the ride, and says where pooled rides are offered.")),
            Choice(
                _("whether the rider complained"),
                _("That follows from being late. Within those who complained nearly all were late, on both sides."),
                right=True,
            ),
            Choice(_("the hour"), _("It is known before, and cannot come from being late.")),
        ],
    ),
    Numeric(
        "looks",
        _(
            "2,000 groups are drawn by lot, and each gets a 95 % interval of its gap. How many intervals will lie "
            "wholly on the bad side?"
        ),
        right=50,
        tolerance=5,
        unit=_("groups"),
        because=_("2.5 % of them, on the bad side alone: about 50 false alarms, with nothing wrong at all."),
        near=[
            Near(100, _("Those are both sides; half of them look too good.")),
            Near(0, _("Each interval misses in one case of twenty, and there are 2,000.")),
            Near(1900, _("That many hold the truth.")),
        ],
    ),
    Multiple(
        "confirm",
        _("A slice looked weak. On which rows may you say how weak it is?"),
        [
            Choice(_("the other half of the test rows"), _("They had no part in the choice."), right=True),
            Choice(_("next month's rows"), _("They had no part in the choice either."), right=True),
            Choice(_("the rows that it was found on"), _("It was chosen because it looked bad just there.")),
            Choice(_("the training rows"), _("The model has seen their answers.")),
        ],
        because=_("Any rows will do that had no part in choosing the slice, nor in fitting the model."),
    ),
    Single(
        "percent",
        _('A colleague says: "We only report slices with at least 5 % of the rows." What is wrong?'),
        [
            Choice(
                _("Of a million rows, 5 % are fifty thousand: a group of that size could hide for ever."),
                _("What counts is how many rows are needed to tell, and that is a number, not a share."),
                right=True,
            ),
            Choice(_("5 % is too many; 1 % is the rule."), _("Any share is wrong for some size of the data.")),
            Choice(
                _("Nothing: smaller slices are noise."), _("Their interval says whether they are; a share does not.")
            ),
        ],
    ),
    Order(
        "steps",
        _("A weak slice was found. In which order do you work?"),
        [
            Choice(
                _("Gather rows, add a column, or give the slice a rule of its own"), _("First know that it is real.")
            ),
            Choice(_("Confirm it on fresh rows"), _("That comes first: most of what is found is luck.")),
            Choice(_("Ask whether anybody could do better there"), _("That comes once it is confirmed.")),
        ],
        right="bca",
        because=_("Is it real, is it the model's fault, and what then."),
    ),
]

LESSON = Outline(
    title=_("Slices"),
    question=_("96.2 beats 95. Which would you deploy?"),
    minutes=45,
    needs=[_("lesson 17, for what a check and its interval are")],
    covers=["A5", "E6", "W4", "W5", "W6"],
    layer="evaluation",
    predictions=[
        Prediction(
            "share",
            _("From how many minority customers in a hundred on is B right more often overall?"),
            unit=_("of a hundred"),
            within=0.25,
        ),
        Prediction(
            "school",
            _(
                "Employees of states earn above fifty thousand more often than those of private firms. And among "
                "people with the same education?"
            ),
            choices={
                "state": _("still those of states"),
                "private": _("then those of private firms"),
                "open": _("no difference that can be told"),
            },
        ),
        Prediction(
            "looks",
            _(
                "A perfect model, and a thousand groups drawn by lot. For how many of them does the whole 95 % "
                "interval say: worse than all rows?"
            ),
            unit=_("groups"),
            within=0.4,
        ),
        *five_ideas(),
    ],
    exercises=[DEPLOY, SAME_MIX, SEEK, WEAKEST, NINE],
    quiz=QUIZ,
)
