"""The quiz of lesson 21."""

from __future__ import annotations

from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.quiz import Choice, Multiple, Near, Numeric, Order, Question, Single

__all__ = ["questions"]


def questions() -> list[Question]:
    """Return the questions, in the language that is spoken now."""
    return [
        Single(
            "means",
            _("A model shows an answer with a confidence of 0.9. How often is such an answer right?"),
            [
                Choice(_("In 90 %."), _("Only where the model is calibrated, and nobody has looked yet.")),
                Choice(
                    _("In more than half of the cases."), _("Naive Bayes was hardly better than that in this lesson.")
                ),
                Choice(
                    _("That has to be counted on rows that it has not seen."),
                    _("A confidence is what the model says of itself."),
                    right=True,
                ),
            ],
        ),
        Single(
            "surer",
            _("Model A is 99 % sure on average, model B 87 %. Which is better?"),
            [
                Choice(_("A: it knows more."), _("It claims more. The tree of this lesson claims 100 %.")),
                Choice(_("B: modesty is honest."), _("A modest model may also be a bad one.")),
                Choice(
                    _("That cannot be told from it."),
                    _("Count how often each is right, and whether the sure answers are right more often."),
                    right=True,
                ),
            ],
        ),
        Numeric(
            "border",
            _(
                "A wrong answer costs 20 EUR, none costs 3 EUR, and the model is calibrated. From which confidence on "
                "is an answer shown?"
            ),
            right=0.85,
            tolerance=0.005,
            unit="",
            because=_("An answer of confidence c costs 20 × (1 − c) on average; that is below 3 from c = 0.85 on."),
            near=[
                Near(0.15, _("That is the share that may be wrong; its complement is the confidence.")),
                Near(0.95, _("That is a number which many would like. The costs say another.")),
                Near(0.87, _("3 of 23: the two costs are no shares of one cake.")),
            ],
        ),
        Single(
            "lucky",
            _("Why does a threshold keep less than it promised on the rows that chose it?"),
            [
                Choice(
                    _("Of many thresholds the one is taken that these rows favour by chance."),
                    _("The chance does not come along to the next rows."),
                    right=True,
                ),
                Choice(_("The model forgets."), _("It is the same model, and gives each row the same answer.")),
                Choice(
                    _("New rows are harder."),
                    _("Here they were drawn from the same table; only the choice was unfair."),
                ),
            ],
        ),
        Numeric(
            "row",
            _(
                "How many answers, all of them right, does it take at least to rule out with 95 % certainty that fewer "
                "than 95 % are right?"
            ),
            right=59,
            tolerance=0.5,
            unit=_("answers"),
            because=_(
                "0.95 to the power of 59 is below 0.05 for the first time: before that, luck explains it too well."
            ),
            near=[
                Near(
                    20, _("With 20 answers one error is expected, and none at all is no wonder: it happens in a third.")
                ),
                Near(95, _("That is more than needed.")),
                Near(19, _("19 of 20 is 95 %, and shows nothing.")),
            ],
        ),
        Numeric(
            "singles",
            _(
                "There are two labels. Sets hold the truth in 90 %; 30 of a hundred sets hold both labels. How many of "
                "a hundred sets with one label are right?"
            ),
            right=85.7,
            tolerance=0.8,
            unit=_("of a hundred"),
            because=_("Both labels are always right. So 60 of the other 70 are, which is less than the promise."),
            near=[
                Near(90, _("That is the promise for all sets together, and 30 of them cannot fail.")),
                Near(60, _("60 of the hundred, but there are only 70 with one label.")),
            ],
        ),
        Multiple(
            "groups",
            _("A promise of 90 % is broken in one group. What helps?"),
            [
                Choice(_("calibrating on rows of this group"), _("Then the promise is about them."), right=True),
                Choice(_("telling those who use the answers"), _("They can take more care there."), right=True),
                Choice(_("dropping the column"), _("Then nobody can see it any more; it is broken all the same.")),
                Choice(
                    _("pointing at the 90 % over all rows"),
                    _("Those who are in the group are not served better by the others."),
                ),
            ],
            because=_("Over all rows is a promise to the company. The person is in a group."),
        ),
        Order(
            "steps",
            _("You are to show only sure answers. In which order do you work?"),
            [
                Choice(
                    _("Check on fresh rows how many are right"), _("There must be a threshold before it is judged.")
                ),
                Choice(_("Choose a threshold on rows kept for it"), _("First say what a mistake costs.")),
                Choice(_("Ask what a wrong answer costs, and what none costs"), _("That comes first.")),
            ],
            right="cba",
            because=_("Costs, then the threshold, then the check, each on rows of its own."),
        ),
    ]
