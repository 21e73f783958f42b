"""The quiz of lesson 18."""

from __future__ import annotations

from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.quiz import Choice, Multiple, Near, Numeric, Order, Question, Single

__all__ = ["questions"]


def questions() -> list[Question]:
    """Return the questions, in the language that is spoken now."""
    return [
        Single(
            "kept",
            _("Why is each row compared with itself, and not the women with the men?"),
            [
                Choice(
                    _("Women and men also differ in other things; the row itself differs in the sex alone."),
                    _("What changes then, changes because of the sex."),
                    right=True,
                ),
                Choice(_("It saves rows."), _("It costs one more prediction a row. What is gained is something else.")),
                Choice(
                    _("Because the groups are of different size."),
                    _("Means can be compared for groups of any size. They mix up what else differs."),
                ),
            ],
        ),
        Single(
            "passes",
            _("A model was trained without the column. The invariance check finds no change in a million rows. So…"),
            [
                Choice(
                    _("it treats women and men alike."),
                    _("Its other columns may tell the sex. The check cannot see it."),
                ),
                Choice(
                    _("it does not read that column."),
                    _("That much is shown, and nothing about the columns that tell the same."),
                    right=True,
                ),
                Choice(
                    _("the check is broken."),
                    _("The check says what is true: the answer does not depend on the column."),
                ),
            ],
        ),
        Numeric(
            "rate",
            _(
                "Of 8,000 women 240 are decided otherwise as men, of 12,000 men 480 otherwise as women. What is the "
                "change rate?"
            ),
            right=3.6,
            tolerance=0.01,
            unit=_("%"),
            because=_("240 + 480 of 20,000 rows: every row was tried once, and counts once."),
            near=[
                Near(3, _("That is the rate among the women.")),
                Near(4, _("That is the rate among the men.")),
                Near(7, _("Rates of two groups do not add up; their rows do.")),
                Near(3.5, _("That is the mean of both rates; but there are more men than women.")),
            ],
        ),
        Single(
            "equal",
            _("The model is right for 79 % of the women and 79 % of the men. What follows for invariance?"),
            [
                Choice(
                    _("Nothing."),
                    _("It can be wrong about one group always in the same direction, and be right as often."),
                    right=True,
                ),
                Choice(
                    _("It does not use the sex."), _("One model in this lesson uses it, and is right equally often.")
                ),
                Choice(_("It uses the sex."), _("A sound model can be right equally often, too.")),
            ],
        ),
        Multiple(
            "stand_in",
            _("`sex` was dropped. Which of these columns can stand in for it?"),
            [
                Choice(_("`relationship`, with husband and wife"), _("It is the sex by another name."), right=True),
                Choice(_("`occupation`"), _("Some jobs are mostly men's, others mostly women's."), right=True),
                Choice(_("the number of the row"), _("If the rows are in no order, it tells nothing.")),
                Choice(_("first name"), _("It tells the sex nearly always."), right=True),
            ],
            because=_(
                "Whatever is distributed differently tells something; together they tell more than the best one alone."
            ),
        ),
        Single(
            "zero",
            _("Why is a tolerance of 0 refused?"),
            [
                Choice(
                    _("Models are never perfect."), _("A model that does not read the column changes nothing, ever.")
                ),
                Choice(
                    _("No number of rows shows that a rate is exactly 0."),
                    _("The interval always reaches a little above; only a rate above 0 can be shown to be kept."),
                    right=True,
                ),
                Choice(
                    _("Because of rounding."), _("Decisions are counted, not added up; nothing is rounded on the way.")
                ),
            ],
        ),
        Order(
            "steps",
            _("The invariance check fails in your pipeline. In which order do you work?"),
            [
                Choice(_("Decide which proxies may be used"), _("Before you have measured, you do not know them.")),
                Choice(_("Train without the column"), _("That comes first: it is cheap. And it is not the end.")),
                Choice(
                    _("Measure what the other columns carry on"), _("First there has to be a model without the column.")
                ),
            ],
            right="bca",
            because=_("Drop, measure what stays, decide. The last is no question of statistics."),
        ),
    ]
