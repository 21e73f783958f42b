"""Each lesson's explorer, moved by keyboard: the number that it shows changes, and is the suite's own."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.browser.lab import Notebook


@dataclass(frozen=True)
class Case:
    """One explorer and one move of its main control.

    Parameters
    ----------
    lesson : str
        Name of the notebook, without its ending.
    control : str
        Label of the control.
    keys : str
        What is pressed on it, one after the other: arrows on a slider, ``Space ArrowDown Enter`` on a dropdown.
    measure : str
        Code for the notebook's own kernel: it prints what the explorer has to say now, taken from a run of its own.
    """

    lesson: str
    control: str
    keys: str
    measure: str


CASES = [
    Case(
        "03_storage_formats",
        control="Rows",
        keys="ArrowLeft",
        measure="""
part = flights.head(3000)
table = storage.benchmark(part, ["parquet"], ["bytes"], repeats=1, progress=False).measurements
print(f"3,000 rows × {part.shape[1]} columns as parquet: {table['value'].median() / 1e6:.3g} MB")
""",
    ),
    Case(
        "17_perturbation",
        control="Strength",
        keys="ArrowLeft",
        measure="""
check = ev.Perturbation(ev.noise("distance_km", sd=0.1))
one = ev.Suite([check]).run(pair["B"], X, late, progress=False).results[0]
print(f"{one.metric} {one.estimate:.2%}, interval {one.low:.2%} to {one.high:.2%}. {one.extras['flip_rate']:.2%} of")
""",
    ),
    Case(
        "18_invariance",
        control="Value",
        keys="Space ArrowDown Enter",
        measure="""
pairs = ev.Suite([ev.Invariance("sex")]).run(fitted["logistic"], P, income, progress=False).results[0].details
one = pairs.set_index("pair").loc["Male → Female"]
print(f"Male becomes Female: of {one.rows:,.0f} rows {one.estimate:.2%} change")
print(f"interval {one.low:.2%} to {one.high:.2%}; the score rises for {one.toward_positive:.0%}")
""",
    ),
    Case(
        "19_directional",
        control="Row",
        keys="ArrowRight ArrowRight",
        measure="""
years = np.unique(P["education_num"])
person = P.iloc[[2] * len(years)].assign(education_num=years)
check = ev.Directional("education_num", by=1)
one = ev.Suite([check]).run(fitted["forest"], person, income[: len(years)], progress=False).results[0]
print(f"Row 3 has education_num {P['education_num'].iloc[2]}.")
print(f"It falls in {one.estimate * one.rows:.0f} of {one.rows} steps")
""",
    ),
    Case(
        "20_calibration",
        control="Rows",
        keys="ArrowLeft ArrowLeft ArrowLeft ArrowLeft ArrowLeft ArrowLeft",
        measure="""
check = ev.Calibration(max_error=0.03)
one = ev.Suite([check]).run(pair["truth"], X.head(200), late.head(200), progress=False).results[0]
print(f"Left, truth, 200 rows in {len(one.details)} groups")
print(f"Right: the usual error is {one.extras['binned_error']:.3f}.")
print(f"true error, {one.low:.3f} to {one.high:.3f}, does not.")
""",
    ),
    Case(
        "22_slices",
        control="Slices",
        keys="Space ArrowDown Enter",
        measure="""
one = ev.Suite([ev.WeakSlices(max_gap=0.05)]).run(model, P, income, progress=False).results[0]
looked, kept = len(one.details), one.details["confirmed"].sum()
print(f"{looked} looked weak there, and {kept} were confirmed on the other half beyond the allowed 5 points.")
worst = one.details[one.details["confirmed"]].sort_values("gap").iloc[-1]
print(f"gap {100 * worst['gap']:.1f} points, interval {100 * worst['low']:.1f} to {100 * worst['high']:.1f}.")
""",
    ),
    Case(
        "21_confidence",
        control="Threshold",
        keys="ArrowRight " * 30,
        measure="""
check = ev.Confidence(0.8, min_accuracy=0.95)
one = ev.Suite([check]).run(boosting, P_fresh, income_fresh, progress=False).results[0]
print(f"{one.extras['coverage']:.1%} of {one.rows:,} answers are shown, and {one.estimate:.2%} of them are right")
sure = boosting.predict_proba(P_fresh).max(axis=1)
wrong = boosting.predict(P_fresh) != income_fresh
print(f"a hundred rows cost {100 * (5 * (wrong & (sure >= 0.8)).mean() + (sure < 0.8).mean()):.2f}.")
""",
    ),
]


@pytest.mark.parametrize(
    ("opened", "case"),
    [(case.lesson, case) for case in CASES],
    indirect=["opened"],
    ids=[case.lesson for case in CASES],
)
def test_the_number_after_a_move_is_the_suites_own(case: Case, finished: Notebook) -> None:
    finished.run("widget")
    told = finished.output("widget").locator(".mlops-lab-text")
    before = told.inner_text()
    label = finished.page.get_by_text(case.control, exact=True)
    control = finished.output("widget").locator(".widget-inline-hbox").filter(has=label)
    control.locator("[role=slider], select").focus()
    for key in case.keys.split():
        finished.page.keyboard.press(key)
    expect(told).not_to_have_text(before)

    finished.type("imports", case.measure.strip())
    finished.run("imports")
    measured = finished.output("imports").inner_text().strip().splitlines()
    assert finished.errors() == []
    assert measured
    for line in measured:
        assert line not in before
        expect(told).to_contain_text(line)


@pytest.mark.parametrize("opened", ["03_storage_formats"], indirect=True)
def test_a_choice_is_measured(finished: Notebook) -> None:
    finished.run("widget")
    explorer = finished.output("widget")
    told = explorer.locator(".mlops-lab-text")
    expect(told).to_contain_text("parquet:")
    explorer.get_by_label("Format").select_option("csv")
    expect(told).to_contain_text("as csv:")
    expect(told).to_contain_text("Measured before, the newest first: parquet")
    explorer.get_by_role("slider").press("ArrowLeft")
    expect(told).to_contain_text("3,000 rows")
    expect(explorer.get_by_role("img")).to_be_visible()
