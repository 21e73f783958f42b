"""Lesson 21: confidence measurement."""

from __future__ import annotations

from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.content import confidence_judges as judges
from mlops_lab.lessons.content.confidence_quiz import questions
from mlops_lab.lessons.exercise import Exercise, Wrong
from mlops_lab.lessons.outline import Outline
from mlops_lab.lessons.prediction import Prediction

CHEAPEST = Exercise(
    "cheapest",
    ask=_(
        "Write `cheapest(confidence, right, cost_wrong, cost_abstain)`: return the threshold with which these rows "
        "cost least. An answer is shown where `confidence >= threshold`; a shown one that is wrong costs `cost_wrong`, "
        "one that is held back `cost_abstain`. Return `np.inf` where it is cheapest to show nothing."
    ),
    start="def cheapest(confidence, right, cost_wrong, cost_abstain):\n    ...",
    solution="""def cheapest(confidence, right, cost_wrong, cost_abstain):
    thresholds = [*np.unique(confidence), np.inf]
    errors = np.array([(~right[confidence >= each]).sum() for each in thresholds])
    silent = np.array([(confidence < each).sum() for each in thresholds])
    return thresholds[np.argmin(cost_wrong * errors + cost_abstain * silent)]""",
    judge=judges.cheapest,
    hints=[
        _("For one threshold: which rows cost something, and how much?"),
        _("Only a confidence that occurs can be a useful threshold; try each of them, and one above all of them."),
        _("`(~right[confidence >= t]).sum()` are wrong, `(confidence < t).sum()` are held back; take the least cost."),
    ],
    wrong={
        "trusts_the_number": Wrong(
            """def cheapest(confidence, right, cost_wrong, cost_abstain):
    return 1 - cost_abstain / cost_wrong""",
            _(
                "that is right only where a confidence of 0.9 means 90 % right. For a model that is too sure of itself "
                "the rows cost {cost:.0f} with it, and {best:.0f} at the best threshold."
            ),
        ),
        "most_right": Wrong(
            """def cheapest(confidence, right, cost_wrong, cost_abstain):
    thresholds = np.unique(confidence)
    return thresholds[np.argmax([right[confidence >= each].mean() for each in thresholds])]""",
            _(
                "it asks how often the shown answers are right, and not what the others cost: it shows {shown} of 400, "
                "and the rows cost {cost:.0f} instead of {best:.0f}."
            ),
        ),
        "silence_is_free": Wrong(
            """def cheapest(confidence, right, cost_wrong, cost_abstain):
    thresholds = np.unique(confidence)
    return thresholds[np.argmin([cost_wrong * (~right[confidence >= each]).sum() for each in thresholds])]""",
            _("it counts the wrong answers alone, as if silence were free: {cost:.0f} instead of {best:.0f}."),
        ),
        "per_shown_answer": Wrong(
            """def cheapest(confidence, right, cost_wrong, cost_abstain):
    thresholds = np.unique(confidence)
    shown = [confidence >= each for each in thresholds]
    costs = [(cost_wrong * (~right[s]).sum() + cost_abstain * (~s).sum()) / s.sum() for s in shown]
    return thresholds[np.argmin(costs)]""",
            _(
                "it divides by the answers that are shown, so a dear silence looks like few answers: the rows cost "
                "{cost:.0f} together, and could cost {best:.0f}."
            ),
        ),
        "never_silent": Wrong(
            """def cheapest(confidence, right, cost_wrong, cost_abstain):
    thresholds = np.unique(confidence)
    errors = np.array([(~right[confidence >= each]).sum() for each in thresholds])
    silent = np.array([(confidence < each).sum() for each in thresholds])
    return thresholds[np.argmin(cost_wrong * errors + cost_abstain * silent)]""",
            _(
                "one of the models is so bad that its best answer is none: {best:.0f} with nothing shown, {cost:.0f} "
                "with yours, which always shows something."
            ),
        ),
    },
)

HONEST = Exercise(
    "honest",
    ask=_(
        "Mend the colleague's `promise(confidence, right, least=0.95)`. It still returns the lowest threshold whose "
        "answers are right often enough, and a share of right answers that new rows keep, on average. The rows may "
        "come in any order. Where no threshold will do, return `np.inf, np.nan`."
    ),
    start="def promise(confidence, right, least=0.95):\n    ...",
    solution="""def promise(confidence, right, least=0.95):
    half = np.random.default_rng(0).random(len(right)) < 0.5
    for threshold in np.unique(confidence[half]):
        if right[half & (confidence >= threshold)].mean() >= least:
            return threshold, right[~half & (confidence >= threshold)].mean()
    return np.inf, np.nan""",
    judge=judges.honest,
    seconds=60,
    hints=[
        _("Which rows had a say in the choice? May they say how good it is?"),
        _("Let a random half choose, and let the other half say how often it is right."),
        _("`half = np.random.default_rng(0).random(len(right)) < 0.5`; choose with `half`, judge with `~half`."),
    ],
    wrong={
        "same_rows": Wrong(
            """def promise(confidence, right, least=0.95):
    for threshold in np.unique(confidence):
        if right[confidence >= threshold].mean() >= least:
            return threshold, right[confidence >= threshold].mean()
    return np.inf, np.nan""",
            _(
                "that is hers. It got a model whose confidence says nothing, right in {truth:.0%}, and promised "
                "{told:.0%}: some threshold looks good by luck, and the rows that had the luck report it."
            ),
        ),
        "chooses_on_all": Wrong(
            """def promise(confidence, right, least=0.95):
    half = np.random.default_rng(0).random(len(right)) < 0.5
    for threshold in np.unique(confidence):
        if right[confidence >= threshold].mean() >= least:
            return threshold, right[~half & (confidence >= threshold)].mean()
    return np.inf, np.nan""",
            _(
                "only half of the rows judge, but all of them chose, those too: it promises {told:.0%} where "
                "{truth:.0%} are right."
            ),
        ),
        "judges_on_all": Wrong(
            """def promise(confidence, right, least=0.95):
    half = np.random.default_rng(0).random(len(right)) < 0.5
    for threshold in np.unique(confidence[half]):
        if right[half & (confidence >= threshold)].mean() >= least:
            return threshold, right[confidence >= threshold].mean()
    return np.inf, np.nan""",
            _(
                "half of the rows chose, and they judge along with the others: still {told:.0%} instead of "
                "{truth:.0%}. More rows are no help where some of them are biased."
            ),
        ),
        "margin": Wrong(
            """def promise(confidence, right, least=0.95):
    for threshold in np.unique(confidence):
        if right[confidence >= threshold].mean() >= least:
            return threshold, right[confidence >= threshold].mean() - 0.02
    return np.inf, np.nan""",
            _(
                "a margin of safety by feel: {told:.0%} are still promised where {truth:.0%} are right. Nobody knows "
                "beforehand how large the luck is."
            ),
        ),
        "table_is_sorted": Wrong(
            """def promise(confidence, right, least=0.95):
    half = np.arange(len(right)) < len(right) / 2
    for threshold in np.unique(confidence[half]):
        if right[half & (confidence >= threshold)].mean() >= least:
            return threshold, right[~half & (confidence >= threshold)].mean()
    return np.inf, np.nan""",
            _(
                "it said nothing about most tables: they came with the surest answers first, so none of the second "
                "half reached the threshold of the first. Draw the half by chance."
            ),
        ),
        "of_everything": Wrong(
            """def promise(confidence, right, least=0.95):
    half = np.random.default_rng(0).random(len(right)) < 0.5
    for threshold in np.unique(confidence[half]):
        if right[half & (confidence >= threshold)].mean() >= least:
            return threshold, right[~half].mean()
    return np.inf, np.nan""",
            _(
                "it promises {told:.0%} where {kept:.0%} of the shown answers are right: count those that are shown, "
                "not all of them."
            ),
        ),
    },
)

SIXTY = Exercise(
    "sixty",
    ask=_(
        "May she promise that at least 95 of a hundred shown answers are right? Give the lowest share that still fits "
        "with these rows, and how many rows would tell."
    ),
    start="""decision = {
    "promise": ...,  # "yes", "no" or "can't tell"
    "low": ...,      # the lowest share of right answers that fits with these rows
    "rows": ...,     # how many rows would tell
}""",
    solution="""decision = {"promise": "can't tell", "low": result.low, "rows": result.rows_needed}""",
    judge=judges.sixty,
    hints=[
        _("A model that is right in nine of ten: how would so few answers of it look?"),
        _("The interval goes from `result.low` to `result.high`; is the whole of it above 0.95?"),
        _("`low` is `result.low`, and `rows` is `result.rows_needed`."),
    ],
    wrong={
        "none_was_wrong": Wrong(
            """decision = {"promise": "yes", "low": result.low, "rows": result.rows_needed}""",
            _("none of {shown} was wrong, and that also happens to a model that is right in {low:.0%} only."),
        ),
        "not_shown_is_refuted": Wrong(
            """decision = {"promise": "no", "low": result.low, "rows": result.rows_needed}""",
            _(
                "the interval from {low:.0%} up holds 95 % as well: these rows speak neither for nor against her. "
                "All {shown} of them were right, after all."
            ),
        ),
        "seen_is_sure": Wrong(
            """decision = {"promise": "can't tell", "low": result.estimate, "rows": result.rows_needed}""",
            _("that is what was seen on {shown} answers. What still fits with them begins at {low:.0%}."),
        ),
        "own_rows": Wrong(
            """decision = {"promise": "can't tell", "low": result.low, "rows": result.rows}""",
            _("{rows:.0f} is how many there are. {needed:,.0f} would be needed."),
        ),
    },
)

UNSURE = Exercise(
    "unsure",
    ask=_(
        "What is to be done with the unsure answers: show them all the same, hold them back for 1 EUR, or ask the "
        "clerk? Take the clerk at the worst that her record allows (upper end of its 95 % interval), and say what one "
        "unsure answer costs."
    ),
    start="""decision = {
    "way": ...,   # "show", "hold back" or "ask"
    "show": ...,  # EUR for one unsure answer that is shown all the same
    "ask": ...,   # EUR for one that the clerk gives, at the worst that her record allows
}""",
    solution="""from scipy.stats import binomtest

most = binomtest(clerk["wrong"], clerk["cases"]).proportion_ci().high
decision = {"way": "ask", "show": 5 * (1 - right[~shown].mean()), "ask": clerk["pay"] + 5 * most}""",
    judge=judges.unsure,
    hints=[
        _("The unsure answers are a hard lot. How often is the model wrong among them?"),
        _("The clerk costs her pay, and errs as well. How often she errs is known from some cases only."),
        _("`scipy.stats.binomtest(clerk['wrong'], clerk['cases']).proportion_ci().high`, times 5 EUR, and her pay."),
    ],
    wrong={
        "error_of_all": Wrong(
            """from scipy.stats import binomtest

most = binomtest(clerk["wrong"], clerk["cases"]).proportion_ci().high
decision = {"way": "show", "show": 5 * (1 - right.mean()), "ask": clerk["pay"] + 5 * most}""",
            _(
                "{all:.0%} of all answers are wrong, but {unsure:.0%} of the unsure ones: those that are left are not "
                "like the rest."
            ),
        ),
        "never_errs": Wrong(
            """decision = {"way": "ask", "show": 5 * (1 - right[~shown].mean()), "ask": clerk["pay"]}""",
            _("a person errs, too: {wrong} of {cases} times, and each of these costs as much as the model's."),
        ),
        "record_is_truth": Wrong(
            """decision = {
    "way": "ask",
    "show": 5 * (1 - right[~shown].mean()),
    "ask": clerk["pay"] + 5 * clerk["wrong"] / clerk["cases"],
}""",
            _("{record:.0%} is what was seen of her; up to {high:.0%} fit with so few cases."),
        ),
        "silence_is_safe": Wrong(
            """from scipy.stats import binomtest

most = binomtest(clerk["wrong"], clerk["cases"]).proportion_ci().high
decision = {"way": "hold back", "show": 5 * (1 - right[~shown].mean()), "ask": clerk["pay"] + 5 * most}""",
            _("silence has a price, too: 1 EUR. Even at her worst the clerk costs {ask:.2f} EUR."),
        ),
        "an_answer_is_better": Wrong(
            """from scipy.stats import binomtest

most = binomtest(clerk["wrong"], clerk["cases"]).proportion_ci().high
decision = {"way": "show", "show": 5 * (1 - right[~shown].mean()), "ask": clerk["pay"] + 5 * most}""",
            _("by your own numbers that is the dearest way: {show:.2f} EUR for one answer."),
        ),
    },
)

LESSON = Outline(
    title=_("Confidence"),
    question=_("Which single answers would you show?"),
    minutes=45,
    needs=[_("lesson 17, for what a check and its interval are")],
    covers=["A5", "E4", "E5", "W4", "W5", "W6"],
    layer="evaluation",
    predictions=[
        Prediction(
            "coverage",
            _(
                "The model may be silent where it is unsure, and of the answers that it shows 95 % must be right. How "
                "many of a hundred people will get an answer?"
            ),
            unit=_("of a hundred"),
            within=0.15,
        ),
        Prediction(
            "sure",
            _(
                "Naive Bayes on the same people. Take only the answers of which it is at least 90 % sure: how many of "
                "a hundred of them are right?"
            ),
            unit=_("of a hundred"),
            within=0.2,
        ),
        Prediction(
            "kept",
            _(
                "Twenty colleagues have 400 rows each, and each takes the lowest threshold that gives 95 % right on "
                "her rows. How many of them find 95 % on new rows, too?"
            ),
            choices={"all": _("18 to 20"), "some": _("5 to 17"), "few": _("4 or fewer")},
        ),
        Prediction(
            "group",
            _("The sets hold the truth for 90 of a hundred people. For how many of a hundred married men do they?"),
            choices={
                "more": _("92 or more"),
                "same": _("89 to 91"),
                "less": _("85 to 88"),
                "least": _("84 or fewer"),
            },
        ),
    ],
    exercises=[CHEAPEST, HONEST, SIXTY, UNSURE],
    quiz=questions(),
)
