"""Sign-up forms: what people typed, and what they should have typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlops_lab.datasets.rides import company
from mlops_lab.datasets.rides.company import LEVELS
from mlops_lab.datasets.rides.draws import Whole, below, draws, pick, seeded, whole
from mlops_lab.datasets.rides.sources import birth_dates, joined

if TYPE_CHECKING:
    import pandas as pd

#: The kinds of dirt; each form has one of them at most.
DIRT = ("missing", "misspelt", "date_format", "impossible", "duplicate", "swapped")
CLEAN = len(DIRT)
SHARES = (2,) * len(DIRT) + (88,)  # per cent
FIRST = (
    ("Ada", "Berta", "Chiara", "Dana", "Elif", "Freya", "Grete", "Hana", "Inés", "Jana", "Klara", "Lena"),
    ("Abel", "Boris", "Carlo", "David", "Emil", "Farid", "Georg", "Hugo", "Ivan", "Jonas", "Karim", "Luis"),
)
LAST = (
    "Aalto", "Berger", "Costa", "Dupont", "Ek", "Fischer", "García", "Horvat", "Ilić", "Jansen", "Kowalski", "Lund",
    "Moreau", "Novak", "Okafor", "Petrov", "Quist", "Rossi", "Silva", "Tanaka", "Ueda", "Varga", "Weiss", "Yilmaz",
)  # fmt: skip
ASCII = str.maketrans("éíáćü", "eiacu")
BLANKS = ("", "-", "n/a")


@dataclass(frozen=True, slots=True)
class SignUpForms:
    """Forms as they were typed, with what is wrong in which of them.

    Attributes
    ----------
    frame : pandas.DataFrame
        The forms as typed, all texts but `form_id`.
    planted : mapping of str to tuple of int
        The `form_id`s of each kind of dirt, ascending: `missing` (a field left blank, or filled with a dash),
        `misspelt` (a letter of the city lost or doubled), `date_format` (not year-month-day), `impossible` (a birth
        date that cannot be), `duplicate` (somebody who had signed up before, the name in other letters), `swapped`
        (e-mail and phone in each other's field).
    clean : pandas.DataFrame
        The same forms as they should have been typed.
    duplicate_of : mapping of int to int
        The first form of the person behind each duplicate.
    """

    frame: pd.DataFrame
    planted: Mapping[str, tuple[int, ...]]
    clean: pd.DataFrame
    duplicate_of: Mapping[int, int]


def signup_forms(rows: int, seed: int = 0) -> SignUpForms:
    """Make sign-up forms typed by people, an eighth of them dirty in one of six known ways.

    Form i opened account i; the first 20,000 accounts are the riders of the same seed.

    Parameters
    ----------
    rows : int
        Number of forms, 0 or more.
    seed : int, default 0
        The company's seed, as in :func:`trips`.

    Returns
    -------
    SignUpForms
        `frame` with `form_id`, `name`, `email`, `phone`, `birth_date`, `city`, `district`, `signed_up`; and the truth.

    Raises
    ------
    InputError
        Where a number is not whole, or is below 0.

    Examples
    --------
    >>> from mlops_lab.datasets import rides
    >>> forms = rides.signup_forms(1000)
    >>> {kind: len(ids) for kind, ids in forms.planted.items()}
    {'missing': 21, 'misspelt': 25, 'date_format': 20, 'impossible': 15, 'duplicate': 29, 'swapped': 14}
    >>> first = forms.planted["misspelt"][0]
    >>> forms.frame["city"][first], forms.clean["city"][first]
    ('Cader', 'Calder')
    """
    rows, seed = whole("rows", rows), seeded(seed)
    words = draws(seed, company.FORMS, 0, rows, 8)
    kind = pick(words[0], SHARES)
    kind[:1] = CLEAN  # the first can't be a duplicate
    original = originals(kind, words[1])
    owners = filled_in(rows, seed, words)
    columns = {name: values[original] for name, values in owners.items()} | {"signed_up": owners["signed_up"]}
    typed = {name: values.copy() for name, values in columns.items()}
    for row in np.flatnonzero(kind != CLEAN).tolist():
        soil(typed, row, DIRT[kind[row]], int(words[2, row]))
    return SignUpForms(
        frame=form_frame(typed),
        planted={name: tuple(np.flatnonzero(kind == place).tolist()) for place, name in enumerate(DIRT)},
        clean=form_frame(columns),
        duplicate_of={row: int(original[row]) for row in np.flatnonzero(original != np.arange(rows)).tolist()},
    )


def originals(kind: Whole, words: np.ndarray) -> Whole:
    """Return the form whose person filled in each form: itself, or for a duplicate an earlier one that is none."""
    form = np.arange(len(kind))
    duplicate = kind == DIRT.index("duplicate")
    nearest_first = np.maximum.accumulate(np.where(duplicate, 0, form))
    earlier = words.astype(np.int64) % np.maximum(form, 1)
    return np.where(duplicate, nearest_first[earlier], form)


def filled_in(rows: int, seed: int, words: np.ndarray) -> dict[str, np.ndarray]:
    """Return what the owners of the accounts should type."""
    people = company.people(0, rows, seed)
    firsts = np.array(FIRST, dtype=object)[people["sex"], below(words[3], len(FIRST[0]))]
    lasts = np.array(LAST, dtype=object)[below(words[4], len(LAST))]
    phones = below(words[5], 10_000_000)
    mails = [
        f"{a}.{b}{i}@example.org".lower().translate(ASCII) for i, (a, b) in enumerate(zip(firsts, lasts, strict=True))
    ]
    return {
        "name": firsts + " " + lasts,
        "email": np.array(mails, dtype=object),
        "phone": np.array([f"+99 555 {number:07}" for number in phones.tolist()], dtype=object),
        "birth_date": np.datetime_as_string(birth_dates(people), unit="D").astype(object),
        "city": np.array(LEVELS["city"], dtype=object)[people["city"]],
        "district": np.array(LEVELS["district"], dtype=object)[people["district"]],
        "signed_up": np.datetime_as_string(joined(people), unit="D").astype(object),
    }


def soil(columns: dict[str, np.ndarray], row: int, kind: str, word: int) -> None:
    """Plant one kind of dirt in one row; `word` is random and decides how."""
    if kind == "missing":
        field = ("email", "phone", "birth_date", "city")[word % 4]
        columns[field][row] = BLANKS[word // 4 % 3]
    elif kind == "misspelt":
        city = columns["city"][row]
        place = 1 + word // 2 % (len(city) - 1)
        columns["city"][row] = city[:place] + (city[place + 1 :] if word % 2 else city[place] + city[place:])
    elif kind == "date_format":
        year, month, day = columns["birth_date"][row].split("-")
        columns["birth_date"][row] = (f"{day}.{month}.{year}", f"{month}/{day}/{year}", f"{day}-{month}-{year[2:]}")[
            word % 3
        ]
    elif kind == "impossible":
        year, month, day = columns["birth_date"][row].split("-")
        wrong = (
            f"{int(year) + 100}-{month}-{day}",
            f"{int(year) - 200}-{month}-{day}",
            f"{year}-02-30",
            f"{year}-13-{day}",
        )
        columns["birth_date"][row] = wrong[word % 4]
    elif kind == "duplicate":
        columns["name"][row] = (columns["name"][row].upper(), columns["name"][row].lower() + " ")[word % 2]
    else:
        mail, phone = columns["email"][row], columns["phone"][row]
        columns["email"][row], columns["phone"][row] = phone, mail


def form_frame(columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return forms as a frame of texts."""
    import pandas as pd

    frame = pd.DataFrame(columns).astype("str")
    frame.insert(0, "form_id", np.arange(len(frame)))
    return frame
