"""What a judge reads in an answer: the keys of a dict, numbers, shares, and words as people write them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.exercise import Verdict, not_yet

__all__ = ["CANT_TELL", "decision", "spoken"]

CANT_TELL = "can't tell"


def decision(
    answer: Any, keys: Sequence[str], numbers: Sequence[str] = (), shares: Sequence[str] = ()
) -> dict[str, Any] | Verdict:
    """Read a dict whose values the learner filled in.

    Parameters
    ----------
    answer : object
        What the learner wrote.
    keys : sequence of str
        The keys that it has to have.
    numbers : sequence of str
        Those of them whose values have to be numbers.
    shares : sequence of str
        Those whose values have to be shares, from −1 to 1; a percentage is told as such.

    Returns
    -------
    dict or Verdict
        The values, the numbers among them as float; or what is wrong with their form.

    Examples
    --------
    >>> decision({"served": "well", "worst": "0.25"}, ("served", "worst"), shares=("worst",))
    {'served': 'well', 'worst': 0.25}
    >>> decision({"served": "well", "worst": 25}, ("served", "worst"), shares=("worst",)).because
    '`...worst...` is a share, from 0 to 1; you wrote ...'
    """
    if not isinstance(answer, Mapping) or set(answer) != set(keys):
        *first, last = (f"`{key}`" for key in keys)
        return not_yet(
            _("the answer has to be the dict with the keys {first} and {last}; only the values are yours to change."),
            first=", ".join(first),
            last=last,
        )
    found = dict(answer)
    for key in (*numbers, *shares):
        try:
            found[key] = float(answer[key])
        except (TypeError, ValueError):
            found[key] = math.nan
        if math.isnan(found[key]):
            return not_yet(_("`{key}` has to be one number; you wrote `{value}`."), key=key, value=shown(answer[key]))
        if key in shares and abs(found[key]) > 1:
            return not_yet(_("`{key}` is a share, from 0 to 1; you wrote {value:g}."), key=key, value=found[key])
    return found


def spoken(word: Any) -> str:
    """Return a word as it is compared: in small letters, and the many ways to say "can't tell" as one.

    Parameters
    ----------
    word : object
        What the learner wrote; True and False are yes and no.

    Returns
    -------
    str
        The word.

    Examples
    --------
    >>> [spoken(word) for word in ("Can’t tell.", "cannot tell", "inconclusive", True, " Yes")]
    ["can't tell", "can't tell", "can't tell", 'yes', 'yes']
    """
    said = " ".join(str(word).lower().replace("’", "'").split()).strip(" .!")
    said = {"true": "yes", "false": "no", "inconclusive": CANT_TELL}.get(said, said)
    return CANT_TELL if said.replace("'", "").replace("not", "t").replace(" ", "") == "canttell" else said


def shown(value: Any) -> str:
    """Return what the learner wrote, in one short line."""
    line = " ".join(str(value).split()).replace("`", "'")
    return line if len(line) <= 40 else line[:39] + "…"
