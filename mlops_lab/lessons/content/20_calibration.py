"""Lesson 20: calibration."""

from __future__ import annotations

from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.content import calibration_judges as judges
from mlops_lab.lessons.exercise import Exercise, Wrong
from mlops_lab.lessons.outline import Outline
from mlops_lab.lessons.prediction import Prediction
from mlops_lab.lessons.quiz import Choice, Multiple, Near, Numeric, Order, Question, Single

ERROR = Exercise(
    "error",
    ask=_(
        "Write `calibration_error(score, outcome, bins)` for two arrays: groups of equal width from 0 to 1, in each "
        "the distance between mean score and share of outcomes, and of these the mean, weighted by the rows of each "
        "group."
    ),
    start="def calibration_error(score, outcome, bins):\n    ...",
    solution="""def calibration_error(score, outcome, bins):
    group = np.minimum((score * bins).astype(int), bins - 1)
    gaps = pd.Series(outcome - score).groupby(group).sum()
    return gaps.abs().sum() / len(score)""",
    judge=judges.error,
    hints=[
        _("Which group does a row belong to? And what about a score of exactly 1?"),
        _("A group's gap times its rows is the sum of outcome minus score in it."),
        _("`group = np.minimum((score * bins).astype(int), bins - 1)`, then sums by group, absolute, over all rows."),
    ],
    wrong={
        "cancels": Wrong(
            """def calibration_error(score, outcome, bins):
    return abs(np.mean(outcome - score))""",
            _(
                "gaps up and down cancel in yours: {found:.4f} instead of {right:.4f}. A model that says too much here "
                "and too little there would look perfect."
            ),
        ),
        "every_group_alike": Wrong(
            """def calibration_error(score, outcome, bins):
    group = np.minimum((score * bins).astype(int), bins - 1)
    return pd.Series(outcome - score).groupby(group).mean().abs().mean()""",
            _("a group of four rows counts as much as one of fourteen in yours: {found:.4f} instead of {right:.4f}."),
        ),
        "row_by_row": Wrong(
            """def calibration_error(score, outcome, bins):
    return np.abs(outcome - score).mean()""",
            _(
                "no single row ever happens to 25 %. Where one of four came true, as said, yours still finds an error "
                "of {below:.3f}: compare groups."
            ),
        ),
        "loses_the_last": Wrong(
            """def calibration_error(score, outcome, bins):
    group = pd.cut(score, np.linspace(0, 1, bins + 1), right=False)
    gaps = pd.Series(outcome - score).groupby(group, observed=True).sum()
    return gaps.abs().sum() / len(score)""",
            _("scores of exactly 1 fall out of the last group in yours: {found:.4f} instead of {right:.4f}."),
        ),
    },
)

EDGE = Exercise(
    "edge",
    ask=_("Does this model keep the tolerance of 0.03? Say it of the last row of the table, with its interval."),
    start="""edge = {
    "verdict": ...,    # "pass", "fail" or "can't tell"
    "low": ...,        # the interval of the calibration error
    "high": ...,
    "more_rows": ...,  # would more such rows settle it? "yes" or "no"
}""",
    solution="""edge = {"verdict": "can't tell", "low": result.low, "high": result.high, "more_rows": "no"}""",
    judge=judges.edge,
    hints=[
        _("You know the truth here. On which side of the tolerance does it lie?"),
        _("Look down the table: the interval shrinks, and what stays inside?"),
        _("The ends are `result.low` and `result.high`; an interval around the tolerance itself always holds it."),
    ],
    wrong={
        "estimate_decides": Wrong(
            """edge = {"verdict": "pass", "low": result.low, "high": result.high, "more_rows": "no"}""",
            _("your estimate is below, but up to {high:.3f} fit with the same rows."),
        ),
        "to_be_safe": Wrong(
            """edge = {"verdict": "fail", "low": result.low, "high": result.high, "more_rows": "no"}""",
            _(
                "nothing shows that the error is too large: from {low:.3f} on everything fits. An accusation needs "
                "proof."
            ),
        ),
        "more_will_tell": Wrong(
            """edge = {"verdict": "can't tell", "low": result.low, "high": result.high, "more_rows": "yes"}""",
            _(
                "from row to row of the table there were many more rows, and the verdict stayed. The interval from "
                "{low:.3f} to {high:.3f} closes around the tolerance itself."
            ),
        ),
        "one_number": Wrong(
            """edge = {"verdict": "can't tell", "low": result.estimate, "high": result.estimate, "more_rows": "no"}""",
            _("the estimate alone is no interval; these rows allow {low:.3f} to {high:.3f}."),
        ),
    },
)

MEND = Exercise(
    "mend",
    ask=_(
        "Where is the fault in her code? Write it anew: `recalibrated(model, X, y)` gets a model that is not fitted "
        "yet, and returns what `ev.recalibrate` returns."
    ),
    start="def recalibrated(model, X, y):\n    ...",
    solution="""def recalibrated(model, X, y):
    X_fit, X_map, y_fit, y_map = train_test_split(X, y, test_size=0.5, random_state=0)
    return ev.recalibrate(model.fit(X_fit, y_fit), X_map, y_map)""",
    judge=judges.mend,
    seconds=30,
    hints=[
        _("What does a forest say of rows that it was fitted on?"),
        _("Divide the rows first: some for the model, others for the map."),
        _(
            "`train_test_split(X, y, test_size=0.5)` gives both parts; fit on one, call `ev.recalibrate` with the "
            "other."
        ),
    ],
    wrong={
        "same_rows": Wrong(
            """def recalibrated(model, X, y):
    return ev.recalibrate(model.fit(X, y), X, y)""",
            _(
                "the map learns from the very {rows:,} rows that the model was fitted on. There it is right far more "
                "often than it will be on new ones."
            ),
        ),
        "some_are_shared": Wrong(
            """def recalibrated(model, X, y):
    X_fit, X_map, y_fit, y_map = train_test_split(X, y, test_size=0.5, random_state=0)
    return ev.recalibrate(model.fit(X, y), X_map, y_map)""",
            _("you divided the rows, but {share:.0%} of those of the map were among those of the model all the same."),
        ),
        "fits_again": Wrong(
            """def recalibrated(model, X, y):
    X_fit, X_map, y_fit, y_map = train_test_split(X, y, test_size=0.5, random_state=0)
    better = ev.recalibrate(model.fit(X_fit, y_fit), X_map, y_map)
    model.fit(X, y)
    return better""",
            _("the model is fitted once more under its map, which was learnt for another one."),
        ),
    },
)

ROWS = Exercise(
    "rows",
    ask=_(
        "Which map do you take with 50, 200 and 5,000 rows? Take only what was proven in every draw; where nothing "
        "was, write `none`."
    ),
    start="""choice = {
    50: ...,  # "temperature", "platt", "beta", "isotonic" or "none"
    200: ...,
    5000: ...,
}""",
    solution="""sure = loss.where(proven == 1)
choice = {size: sure.loc[size].idxmin() if sure.loc[size].notna().any() else "none" for size in (50, 200, 5000)}""",
    judge=judges.rows,
    hints=[
        _("First the proofs, then the losses."),
        _("The lowest log loss on new people wins, among the maps whose share in the first table is 1."),
        _("`loss.loc[200].idxmin()` names the best of a row. At 50, look at `proven` first."),
    ],
    wrong={
        "always_free": Wrong(
            """choice = {50: "isotonic", 200: "isotonic", 5000: "isotonic"}""",
            _("the freest curve also follows the noise: at 200 rows it loses {loss:.3f}, the best one {best:.3f}."),
        ),
        "always_simple": Wrong(
            """choice = {50: "temperature", 200: "temperature", 5000: "temperature"}""",
            _(
                "one number can make every answer less sure, and cannot lower their average: {loss:.3f} at 5,000 rows, "
                "the best one {best:.3f}."
            ),
        ),
        "without_proof": Wrong(
            """choice = loss.loc[[50, 200, 5000]].idxmin(axis=1).to_dict()""",
            _("at 50 rows it was proven in {share:.0%} of the draws only; its loss is the mean of the lucky ones."),
        ),
        "never": Wrong(
            """choice = {50: "none", 200: "none", 5000: "none"}""",
            _("at 5,000 rows every map was proven in {share:.0%} of the draws; to take none leaves the fault in."),
        ),
    },
)

LEAVE = Exercise(
    "leave",
    ask=_("Which of the three do you recalibrate? Give the lower end of what the forest gains as your reason."),
    start="""leave = {
    "naive_bayes": ...,  # recalibrate it? "yes", "no" or "can't tell"
    "boosting": ...,
    "forest": ...,
    "low": ...,          # the lower end of the forest's gain
}""",
    solution="""leave = {
    "naive_bayes": "yes",
    "boosting": "no",
    "forest": "can't tell",
    "low": proofs["forest"].gain.low,
}""",
    judge=judges.leave,
    hints=[
        _("Which method was chosen for each? One of them is to do nothing."),
        _("An interval that reaches 0 shows neither a gain nor that there is none."),
        _('`proofs["forest"].gain.low`, and the same for the others.'),
    ],
    wrong={
        "cannot_hurt": Wrong(
            """leave = {"naive_bayes": "yes", "boosting": "yes", "forest": "yes", "low": proofs["forest"].gain.low}""",
            _(
                "it can hurt: {method} would make boosting worse by {worst:.4f}, since there is only noise left to "
                "learn. It is fine as it is."
            ),
        ),
        "leaves_all": Wrong(
            """leave = {"naive_bayes": "no", "boosting": "no", "forest": "no", "low": proofs["forest"].gain.low}""",
            _("naive Bayes gains at least {low:.1f} in log loss on rows that the map had not seen."),
        ),
        "estimate_decides": Wrong(
            """leave = {"naive_bayes": "yes", "boosting": "no", "forest": "yes", "low": proofs["forest"].gain.low}""",
            _("the forest gained {estimate:.3f} on these rows, but its interval begins at {low:.4f}: not proven."),
        ),
        "refused_is_fine": Wrong(
            """leave = {"naive_bayes": "yes", "boosting": "no", "forest": "no", "low": proofs["forest"].gain.low}""",
            _("refused does not mean fine: a gain of up to {high:.2f} fits with these rows too."),
        ),
    },
)

MONEY = Exercise(
    "money",
    ask=_(
        "Riders know their own risk, and buy only where the promise costs less than it is worth to them. What does "
        "each model lose, in euros, and which one do you take?"
    ),
    start="""money = {
    "overconfident": ...,  # euros lost
    "recalibrated": ...,
    "flat": ...,
    "take": ...,           # one of the three
}""",
    solution="""money = {name: np.maximum(10 * truth - price, 0).sum() for name, price in prices.items()}
money["take"] = min(prices, key=money.get)""",
    judge=judges.money,
    hints=[
        _("Who buys a promise that is too dear?"),
        _("A trip is worth `10 * truth`. Only where that is above the price does somebody buy, and you lose the rest."),
        _("`np.maximum(10 * truth - price, 0).sum()` for each price."),
    ],
    wrong={
        "everybody_buys": Wrong(
            """money = {name: (10 * truth - price).sum() for name, price in prices.items()}
money["take"] = min(prices, key=lambda name: abs(money[name]))""",
            _(
                "in yours everybody buys, so what is too dear pays for what is too cheap. But nobody has to buy what "
                "is too dear; the flat price then loses {flat:,.0f}."
            ),
        ),
        "both_ways": Wrong(
            """money = {name: np.abs(10 * truth - price).sum() for name, price in prices.items()}
money["take"] = min(prices, key=money.get)""",
            _(
                "prices that are too high lose no money here: nobody pays them. The overconfident model loses "
                "{overconfident:,.0f}."
            ),
        ),
        "right_in_total": Wrong(
            """money = {name: np.maximum(10 * truth - price, 0).sum() for name, price in prices.items()}
money["take"] = "flat\"""",
            _("its price is right in total, and loses {flat:,.0f}: the risky trips buy, the safe ones stay away."),
        ),
    },
)

QUIZ: list[Question] = [
    Single(
        "means",
        _("A model says 30 % for a thousand rides. It is calibrated. What do you know?"),
        [
            Choice(
                _("About 300 of them come late."),
                _("That is all that a probability promises, and it is a lot."),
                right=True,
            ),
            Choice(_("It is right for 300 of them."), _("Right or wrong is about decisions, not about chances.")),
            Choice(
                _("Each of them has a chance of exactly 30 %."),
                _("Some may have 10 % and some 50 %: calibrated is a promise about all that were told the same."),
            ),
        ],
    ),
    Single(
        "order",
        _("After recalibration the error is gone, and the area under the ROC curve is as before. Why?"),
        [
            Choice(
                _("A rising map changes the numbers and keeps their order."),
                _("The area looks at the order only, so it cannot see any of this."),
                right=True,
            ),
            Choice(
                _("The area is calibrated already."), _("The area knows no probabilities, only who is before whom.")
            ),
            Choice(_("The map did nothing."), _("It took the error away. The area does not look there.")),
        ],
    ),
    Numeric(
        "gap",
        _(
            "600 rows were told 20 %, and 150 came true. 400 rows were told 70 %, and 240 came true. What is the "
            "calibration error?"
        ),
        right=0.07,
        tolerance=0.0005,
        unit="",
        because=_("0.6 × 0.05 + 0.4 × 0.10: each gap counts by its rows."),
        near=[
            Near(0.075, _("That is the plain mean of the two gaps; the larger group counts more.")),
            Near(0.01, _("Here one gap took away from the other. Distances do not cancel.")),
            Near(0.1, _("That is the largest gap.")),
        ],
    ),
    Single(
        "perfect",
        _("Why does a perfect model show a calibration error on 200 rows?"),
        [
            Choice(
                _("Few rows a group: what comes true scatters, and every scatter counts as an error."),
                _("A distance is never negative, so noise only adds."),
                right=True,
            ),
            Choice(_("It is not perfect after all."), _("For the rides its numbers are the truth itself.")),
            Choice(_("The groups are too wide."), _("Narrower groups have fewer rows, so it gets worse.")),
        ],
    ),
    Single(
        "bins",
        _("A colleague takes 100 groups instead of 15, to be more exact. What happens on a small test set?"),
        [
            Choice(_("The error gets closer to the truth."), _("You saw the opposite for the perfect model.")),
            Choice(
                _("The usual error grows, whatever the model."),
                _("Two rows a group are all noise. The interval says what can be known; it does not hang on groups."),
                right=True,
            ),
            Choice(_("Nothing, rows are rows."), _("Each group's gap scatters more, the fewer rows it has.")),
        ],
    ),
    Multiple(
        "not_allowed",
        _("On which rows may the map not be learnt?"),
        [
            Choice(_("those that the model was fitted on"), _("It is far too good there."), right=True),
            Choice(
                _("those that the final check uses"), _("Then the check says how well the map remembers."), right=True
            ),
            Choice(_("rows that neither has seen"), _("These are the right ones.")),
        ],
        because=_("Three parts: one for the model, one for the map, one for the check."),
    ),
    Order(
        "steps",
        _("You need probabilities. In which order do you work?"),
        [
            Choice(_("Recalibrate on rows put aside"), _("Only where the check failed.")),
            Choice(_("Check on fresh rows, and go on checking in production"), _("The world drifts; this comes last.")),
            Choice(_("Check the model as it is"), _("This comes first: it may be fine.")),
        ],
        right="cab",
        because=_("A model that is fine must be left alone."),
    ),
]


LESSON = Outline(
    title=_("Calibration"),
    question=_("It said 70 %. How often was it right?"),
    minutes=45,
    needs=[_("lesson 17, for what a check and its interval are")],
    covers=["A5", "E4", "W4", "W5", "W6"],
    layer="evaluation",
    predictions=[
        Prediction(
            "worst",
            _("Whose probabilities lie furthest from what comes true?"),
            choices={
                "naive_bayes": _("naive Bayes"),
                "forest": _("the forest"),
                "logistic": _("logistic regression"),
                "boosting": _("boosting"),
            },
        ),
        Prediction(
            "says",
            _("About one in four people earns more than 50,000 dollars. What does naive Bayes say on average?"),
            unit=_("of a hundred"),
            within=0.2,
            start=25,
        ),
        Prediction(
            "perfect",
            _(
                "A perfect model: it gives each ride its true chance of coming late. What calibration error does it "
                "show on 200 rides?"
            ),
            choices={"none": _("0"), "small": _("up to 0.03"), "large": _("more than 0.03")},
        ),
        Prediction(
            "groups",
            _("The same perfect model, the same 200 rides, but 100 groups instead of 15. The error it shows will be…"),
            choices={"smaller": _("smaller"), "same": _("about the same"), "larger": _("larger")},
        ),
        Prediction(
            "training",
            _("What does this do to the forest's calibration error on people it has not seen?"),
            choices={"better": _("it falls"), "same": _("it stays"), "worse": _("it rises")},
        ),
        Prediction(
            "isotonic",
            _("The isotonic map can take any rising form. From how many rows on is it the best of the four?"),
            choices={"50": _("50"), "200": _("200"), "1000": _("1,000"), "5000": _("5,000"), "never": _("never")},
        ),
    ],
    exercises=[ERROR, EDGE, MEND, ROWS, LEAVE, MONEY],
    quiz=QUIZ,
)
