from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlops_lab.datasets import checksum, rides
from mlops_lab.datasets.rides.forms import BLANKS, DIRT

FORMS = rides.signup_forms(20_000, seed=2)
TYPED, CLEAN = FORMS.frame.set_index("form_id"), FORMS.clean.set_index("form_id")
FIELDS = {
    "missing": {"email", "phone", "birth_date", "city"},
    "misspelt": {"city"},
    "date_format": {"birth_date"},
    "impossible": {"birth_date"},
    "duplicate": {"name"},
    "swapped": {"email", "phone"},
}


def test_each_kind_is_planted_in_a_fiftieth_and_none_in_the_same_form():
    assert tuple(FORMS.planted) == DIRT
    ids = [form for planted in FORMS.planted.values() for form in planted]
    assert len(ids) == len(set(ids))
    assert all(0.016 < len(planted) / len(TYPED) < 0.024 for planted in FORMS.planted.values())


def test_what_differs_is_planted_and_what_is_planted_differs():
    differs = (TYPED != CLEAN).any(axis=1)
    assert set(np.flatnonzero(differs)) == {form for planted in FORMS.planted.values() for form in planted}


@pytest.mark.parametrize("kind", DIRT)
def test_only_the_fields_of_the_kind_are_soiled(kind):
    ids = list(FORMS.planted[kind])
    changed = TYPED.loc[ids] != CLEAN.loc[ids]
    assert set(changed.columns[changed.any()]) == FIELDS[kind]


def test_each_kind_is_what_it_says():
    typed = {kind: TYPED.loc[list(ids)] for kind, ids in FORMS.planted.items()}
    assert typed["missing"].isin(BLANKS).sum(axis=1).eq(1).all()
    assert not typed["misspelt"]["city"].isin(rides.LEVELS["city"]).any()
    assert pd.to_datetime(typed["date_format"]["birth_date"], format="%Y-%m-%d", errors="coerce").isna().all()
    born = pd.to_datetime(typed["impossible"]["birth_date"], format="%Y-%m-%d", errors="coerce")
    assert (born.isna() | (born < "1850") | (born > "2025")).all()
    assert typed["swapped"]["phone"].str.contains("@").all()
    dates = pd.to_datetime(CLEAN["birth_date"], format="%Y-%m-%d")
    assert dates.between("1930", "2010").all()


def test_a_duplicate_is_an_earlier_person():
    assert tuple(FORMS.duplicate_of) == FORMS.planted["duplicate"]
    for form, first in FORMS.duplicate_of.items():
        assert first < form
        assert first not in FORMS.duplicate_of
    same = ["email", "phone", "birth_date", "city"]
    pairs = (
        CLEAN.loc[list(FORMS.duplicate_of), same].to_numpy()
        == CLEAN.loc[list(FORMS.duplicate_of.values()), same].to_numpy()
    )
    assert pairs.all()


def test_clean_forms_are_the_riders():
    riders = rides.internal_tables(seed=2)["riders"].set_index("rider_id")
    own = CLEAN.drop(index=list(FORMS.duplicate_of))
    assert (riders.loc[own.index, "city"] == own["city"]).all()
    assert (riders.loc[own.index, "birth_date"].dt.strftime("%Y-%m-%d") == own["birth_date"]).all()


def test_fewer_forms_are_the_first_of_more():
    fewer = rides.signup_forms(500, seed=2)
    pd.testing.assert_frame_equal(fewer.frame, FORMS.frame.head(500))
    assert rides.signup_forms(0).frame.shape == (0, 8)


def test_the_content_of_a_seed_is_fixed():
    assert checksum(FORMS.frame)[:12] == "4fc173e51cd2"
