"""Lesson 19: directional expectation tests."""

from __future__ import annotations

from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.content import directional_judges as judges
from mlops_lab.lessons.exercise import Exercise, Wrong
from mlops_lab.lessons.outline import Outline
from mlops_lab.lessons.prediction import Prediction
from mlops_lab.lessons.quiz import Choice, Multiple, Near, Numeric, Order, Question, Single

HONEST = Exercise(
    "honest",
    ask=_(
        "Write `violation_rate(answer, X, column, by)`: `answer(X)` gives a number a row. Return the share of the rows "
        "whose answer falls by more than 1e-9 when `column` rises by `by`, among the rows that stay in the observed "
        "range."
    ),
    start="def violation_rate(answer, X, column, by):\n    ...",
    solution="""def violation_rate(answer, X, column, by):
    can_move = X[column] + by <= X[column].max()
    rows = X[can_move]
    step = answer(rows.assign(**{column: rows[column] + by})) - answer(rows)
    return (step < -1e-9).mean()""",
    judge=judges.honest,
    hints=[
        _("What is known about a row that already has the largest value? Neither good nor bad."),
        _("Choose the rows first: those whose moved value is at most the largest one seen. A gap compares as False."),
        _("`rows = X[X[column] + by <= X[column].max()]`, then the mean of `step < -1e-9`."),
    ],
    wrong={
        "end_is_fine": Wrong(
            """def violation_rate(answer, X, column, by):
    moved = X.assign(**{column: (X[column] + by).clip(upper=X[column].max())})
    return (answer(moved) - answer(X) < -1e-9).mean()""",
            _("rows at the end of the range cannot move, and yours count as fine: {share:.1%} instead of {right:.1%}."),
        ),
        "leaves_the_range": Wrong(
            """def violation_rate(answer, X, column, by):
    rows = X[X[column].notna()]
    return (answer(rows.assign(**{column: rows[column] + by})) - answer(rows) < -1e-9).mean()""",
            _(
                "it moves rows to where no row has ever been, and blames the model for what it says there. That is "
                "another test."
            ),
        ),
        "counts_gaps": Wrong(
            """def violation_rate(answer, X, column, by):
    can_move = ~(X[column] + by > X[column].max())
    rows = X[can_move]
    return (answer(rows.assign(**{column: rows[column] + by})) - answer(rows) < -1e-9).mean()""",
            _("rows without a value cannot move either; with them the share is {share:.1%} instead of {right:.1%}."),
        ),
        "every_digit": Wrong(
            """def violation_rate(answer, X, column, by):
    rows = X[X[column] + by <= X[column].max()]
    return (answer(rows.assign(**{column: rows[column] + by})) - answer(rows) < 0).mean()""",
            _(
                "it found {share:.0%} violations in a model that answers the same for all: sums of floats differ in "
                "their last digits."
            ),
        ),
    },
)

HOLE = Exercise(
    "hole",
    ask=_("`stranger` answers the wrong way round somewhere: in which column, and from where to where?"),
    start="""hole = {
    "column": ...,  # which column
    "low": ...,     # from here
    "high": ...,    # to here, roughly
}""",
    solution="""hole = {"column": "distance_km", "low": 6, "high": 10}""",
    judge=judges.hole,
    hints=[
        _("More of some columns can only make a trip later. Which expectation fails?"),
        _('`ev.Directional("distance_km", by=1)` fails; its `extras["region"]` says where the rows are that fall.'),
        _("Look at the curve in the explorer: `explorers.directional(stranger, X, [...])`."),
    ],
    wrong={
        "other_column": Wrong(
            """hole = {"column": "traffic", "low": 6, "high": 10}""",
            _("more {column} is followed by the right move, everywhere; try the other columns."),
        ),
        "everywhere": Wrong(
            """hole = {"column": "distance_km", "low": X["distance_km"].min(), "high": X["distance_km"].max()}""",
            _("not everywhere: on most of the range more distance raises the answer. Look where it does not."),
        ),
        "where_data_are_thin": Wrong(
            """hole = {"column": "distance_km", "low": 22, "high": 46}""",
            _(
                "data are thin there, which is where one looks first; but this model is right there, and wrong where "
                "there are many trips."
            ),
        ),
        "off": Wrong(
            """hole = {"column": "distance_km", "low": 6, "high": 16}""",
            _("from {low:g} to {high:g} is not the place: part of it is fine, or part of the hole is missing."),
        ),
    },
)

WORLD = Exercise(
    "world",
    ask=_(
        "A colleague expects of the fare: it rises with the distance, it never falls with the surge, it rises with "
        "rain. All else kept, which of these hold in the world? And how often does the one that does not hold fail?"
    ),
    start="""holds = {
    "distance_km": ...,  # True or False
    "surge": ...,
    "rain": ...,
    "rate": ...,         # violation rate of the wrong one, with the true fare as the model
}""",
    solution="""check = ev.Directional("rain", by=1, expect="increase")
truth = ev.Suite([check]).run(rides.fare, T, price, task="regression", progress=False).results[0]
holds = {"distance_km": True, "surge": True, "rain": False, "rate": truth.estimate}""",
    judge=judges.world,
    seconds=30,
    hints=[
        _('"All else kept": also the surge. What is left for the rain to do?'),
        _("`rides.fare` is the true fare. It can be handed to a suite like any model."),
        _('`ev.Directional("rain", by=1, expect="increase")`, run with `rides.fare`, `T` and `price`.'),
    ],
    wrong={
        "rain_is_dear": Wrong(
            """holds = {"distance_km": True, "surge": True, "rain": True, "rate": 0.0}""",
            _(
                "rides in the rain may cost more, but not because of the rain: it is the surge that the price knows. "
                "Keep the surge, and nothing rises."
            ),
        ),
        "nothing_holds": Wrong(
            """holds = {"distance_km": False, "surge": False, "rain": False, "rate": 1.0}""",
            _("the true fare does rise with the distance, for every trip: measure it with `rides.fare`."),
        ),
        "blames_the_rest": Wrong(
            """holds = {"distance_km": True, "surge": False, "rain": True, "rate": 1.0}""",
            _("distance and surge do what was expected, for every trip; the third one is the problem."),
        ),
        "rate_of_the_model": Wrong(
            """holds = {"distance_km": True, "surge": True, "rain": False, "rate": 0.0}""",
            _(
                "the wrong one is found; but it was expected to rise, and standing still is a violation, too: the "
                "rate is {rate:.0%}."
            ),
        ),
    },
)

PRICE = Exercise(
    "price",
    ask=_(
        "Does the constraint cost log loss? Decide, and give the interval of the mean difference, constrained − free."
    ),
    start="""decision = {
    "costs": ...,  # "yes", "no" or "can't tell"
    "low": ...,    # the 95 % interval of the mean difference
    "high": ...,
}""",
    solution="""extra = constrained_loss - free_loss
error = extra.std() / len(extra) ** 0.5
decision = {"costs": "can't tell", "low": extra.mean() - 1.96 * error, "high": extra.mean() + 1.96 * error}""",
    judge=judges.price,
    hints=[
        _("Both models answered for the same people: what differs, person by person?"),
        _("The mean of the differences ± 1.96 × their standard deviation / √rows."),
        _("Does 0 lie between the two ends?"),
    ],
    wrong={
        "mean_decides": Wrong(
            """extra = constrained_loss - free_loss
error = extra.std() / len(extra) ** 0.5
decision = {"costs": "yes", "low": extra.mean() - 1.96 * error, "high": extra.mean() + 1.96 * error}""",
            _("your own interval goes from {low:.4f} to {high:.4f}: a gain fits with these rows as well as a price."),
        ),
        "free_lunch": Wrong(
            """extra = constrained_loss - free_loss
error = extra.std() / len(extra) ** 0.5
decision = {"costs": "no", "low": extra.mean() - 1.96 * error, "high": extra.mean() + 1.96 * error}""",
            _("nobody has shown that it costs nothing: up to {high:.4f} fit with these rows. Small, but not none."),
        ),
        "not_in_pairs": Wrong(
            """extra = constrained_loss.mean() - free_loss.mean()
error = (constrained_loss.var() / len(free_loss) + free_loss.var() / len(free_loss)) ** 0.5
decision = {"costs": "can't tell", "low": extra - 1.96 * error, "high": extra + 1.96 * error}""",
            _(
                "that is as if two groups of people had been asked: {wide:.4f} wide instead of {narrow:.4f}. A hard "
                "case is hard for both models, and cancels row by row."
            ),
        ),
        "mean_only": Wrong(
            """extra = (constrained_loss - free_loss).mean()
decision = {"costs": "can't tell", "low": extra, "high": extra}""",
            _("{mean:.4f} is the mean of these rows; other rows have another. How far may the truth lie from it?"),
        ),
    },
)

QUIZ: list[Question] = [
    Single(
        "trend",
        _("On average the score rises with every year of school. Does it rise for everyone?"),
        [
            Choice(
                _("Yes, that is what rising means."), _("An average rises although some fall: the others rise more.")
            ),
            Choice(
                _("No: an average says nothing about single rows."),
                _("That is why rows are counted, and not averaged."),
                right=True,
            ),
            Choice(
                _("Yes, if the model is accurate."), _("The forest of this lesson is accurate, and falls for many.")
            ),
        ],
    ),
    Single(
        "end",
        _("A row already has the largest value of the column. How does it count?"),
        [
            Choice(_("As satisfied: it did not fall."), _("It was never asked. Many such rows would hide the others.")),
            Choice(
                _("As violated, to be on the safe side."), _("It did nothing wrong; nobody knows what it would do.")
            ),
            Choice(
                _("Not at all, and how many there are is said beside the rate."),
                _("The rate is about the rows that can take the step."),
                right=True,
            ),
        ],
    ),
    Numeric(
        "rate",
        _("10,000 rows; 2,000 cannot take the step; 160 of the others fall. What is the violation rate?"),
        right=2,
        tolerance=0.01,
        unit=_("%"),
        because=_("160 of the 8,000 that can move are 2 %."),
        near=[
            Near(1.6, _("That counts the rows that cannot move as satisfied.")),
            Near(21.6, _("That counts the rows that cannot move as violated.")),
            Near(160, _("That is the number of rows.")),
        ],
    ),
    Single(
        "linear",
        _("Why does the logistic regression never fall, and the forest does?"),
        [
            Choice(
                _("It has one weight for the column, the same for everybody."),
                _("A straight line goes one way only. It cannot bend, for better or worse."),
                right=True,
            ),
            Choice(
                _("It is more accurate."), _("Accuracy is another question: both are right about equally often here.")
            ),
            Choice(_("It was told to."), _("Nobody constrained it; its form does not allow anything else.")),
        ],
    ),
    Multiple(
        "remedies",
        _("The expectation is right, and the model falls. What can help?"),
        [
            Choice(_("a monotonic constraint"), _("Then it cannot fall, by construction."), right=True),
            Choice(_("more rows where they are thin"), _("Holes are often where hardly a row was."), right=True),
            Choice(_("a larger tolerance"), _("That changes the test, not the model.")),
            Choice(
                _("dropping the column"),
                _("Then it cannot rise either; what the column knew is lost, or comes back through others."),
            ),
        ],
        because=_("Constrain it, or feed it. And first ask whether the expectation holds in the world."),
    ),
    Single(
        "kept",
        _('"All else kept" means…'),
        [
            Choice(_("on average over all rows"), _("An average mixes rows that differ in everything else.")),
            Choice(
                _("the same row, with one value changed"),
                _("So what rises along with the column in the world does not rise with it here."),
                right=True,
            ),
            Choice(_("only rows that are alike"), _("No two rows are needed: each is compared with itself.")),
        ],
    ),
    Order(
        "steps",
        _("A directional check fails. In which order do you work?"),
        [
            Choice(_("Constrain the model"), _("If the expectation were wrong, you would have built the error in.")),
            Choice(
                _("Look where the falls are"), _("First make sure that they are falls of the model, not of your idea.")
            ),
            Choice(_("Ask whether the expectation holds in the world"), _("That comes first.")),
        ],
        right="cba",
        because=_("The expectation is yours. It is the first thing that can be wrong."),
    ),
]

LESSON = Outline(
    title=_("Directional expectation"),
    question=_("Two more years of school: can it lower the score?"),
    minutes=40,
    needs=[_("lesson 17, for what a check and its interval are")],
    covers=["A5", "E3", "W4", "W5", "W6"],
    layer="evaluation",
    predictions=[
        Prediction(
            "forest",
            _(
                "Everybody in the test table gets two more years of school, all else kept. For how many of a hundred "
                "does "
                "the forest's probability of a high income fall?"
            ),
            unit=_("of a hundred"),
            within=0.4,
        ),
        Prediction(
            "logistic",
            _("And for how many does that of the logistic regression fall?"),
            choices={"none": _("none"), "few": _("up to 5 of a hundred"), "more": _("more than 5 of a hundred")},
        ),
        Prediction(
            "cost",
            _("Gradient boosting may be forbidden to fall. What will that do to its log loss on the test rows?"),
            choices={
                "worse": _("clearly worse"),
                "open": _("no difference that can be told"),
                "better": _("clearly better"),
            },
        ),
    ],
    exercises=[HONEST, HOLE, PRICE, WORLD],
    quiz=QUIZ,
)
