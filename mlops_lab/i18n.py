"""Translation of the text that learners read: English in the source, other languages as gettext catalogues.

Write every sentence whole and name its gaps, since another language orders them differently::

    _("Parquet needs {ratio:.1f} times less room here.").format(ratio=ratio)

Catalogues lie in ``mlops_lab/locale/<language>/LC_MESSAGES/mlops_lab.mo``. The language is that of
``MLOPS_LAB_LANGUAGE``, else of the usual variables (``LANGUAGE``, ``LC_ALL``, ``LC_MESSAGES``, ``LANG``), else English.
"""

from __future__ import annotations

import gettext as _gettext
import os
from functools import lru_cache
from pathlib import Path

__all__ = ["gettext", "ngettext", "translation"]

LOCALE_DIRECTORY = Path(__file__).parent / "locale"


@lru_cache(maxsize=8)
def translation(language: str | None = None) -> _gettext.NullTranslations:
    """Return the catalogue of a language, or English where there is none.

    Parameters
    ----------
    language : str, optional
        Language code such as ``"es"``; by default the one that the environment names.

    Returns
    -------
    gettext.NullTranslations
        The catalogue.

    Examples
    --------
    >>> translation("xx").gettext("correct")
    'correct'
    """
    languages = [language] if language else None
    return _gettext.translation("mlops_lab", localedir=LOCALE_DIRECTORY, languages=languages, fallback=True)


def gettext(message: str) -> str:
    """Translate one sentence.

    Parameters
    ----------
    message : str
        The English sentence, with named gaps in braces.

    Returns
    -------
    str
        The sentence in the learner's language, its gaps still open.

    Examples
    --------
    >>> gettext("correct")
    'correct'
    """
    if not message:
        return ""  # a catalogue keeps its own description under the empty message
    return translation(os.environ.get("MLOPS_LAB_LANGUAGE")).gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """Translate one sentence that counts something.

    Parameters
    ----------
    singular, plural : str
        The English sentence for one and for several.
    count : int
        How many there are.

    Returns
    -------
    str
        The sentence that fits the count.

    Examples
    --------
    >>> ngettext("{count} row", "{count} rows", 2).format(count=2)
    '2 rows'
    """
    return translation(os.environ.get("MLOPS_LAB_LANGUAGE")).ngettext(singular, plural, count)
