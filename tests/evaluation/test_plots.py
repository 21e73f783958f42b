"""Pictures draw what the details hold, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text

from mlops_lab import evaluation as ev
from mlops_lab.evaluation import Report, Result
from mlops_lab.evaluation.plots import draw_result, draws
from mlops_lab.evaluation.plots.parts import percent
from mlops_lab.evaluation.plots.registry import DRAWINGS

KINDS = ["perturbation", "invariance", "directional", "calibration", "confidence", "slices", "weak_slices"]


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def texts(ax: Axes) -> list[str]:
    ax.figure.canvas.draw()
    return [text.get_text() for text in ax.findobj(Text) if text.get_text()]


@pytest.mark.slow
def test_importing_the_pictures_does_not_load_matplotlib() -> None:
    code = "import mlops_lab.evaluation.plots, sys; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_each_kind_has_a_picture_of_its_own() -> None:
    assert set(KINDS) <= set(DRAWINGS)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_shows_the_numbers_of_its_table(kind: str, results: dict[str, Result]) -> None:
    result = results[kind]
    before = result.details.copy()
    ax = result.plot()
    column = {"calibration": "observed", "confidence": "accuracy", "slices": "gap", "weak_slices": "gap"}.get(
        kind, "estimate"
    )
    drawn = {round(float(number), 6) for line in ax.lines for values in line.get_data() for number in np.ravel(values)}
    drawn |= {round(float(number), 6) for dots in ax.collections for number in np.ravel(dots.get_offsets())}
    assert {round(number, 6) for number in result.details[column]} <= drawn
    assert ax.get_title(loc="left").endswith(result.name)
    assert any("0.03" in text or "0.01" in text or "0.05" in text or "0.9" in text for text in texts(ax)), "tolerance"
    pd.testing.assert_frame_equal(result.details, before)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_text_is_large_enough(kind: str, results: dict[str, Result]) -> None:
    ax = results[kind].plot()
    ax.figure.canvas.draw()
    assert min(text.get_fontsize() for text in ax.findobj(Text) if text.get_text()) >= 9


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*KINDS, "something else"])
@pytest.mark.parametrize("lacking", ["rows", "columns"])
def test_without_its_table_a_result_is_drawn_as_an_interval(
    kind: str, lacking: str, results: dict[str, Result]
) -> None:
    result = results.get(kind, results["calibration"])
    details = pd.DataFrame({"other": [1]}) if lacking == "columns" else result.details.head(0)
    ax = draw_result(replace(result, kind=kind, details=details))
    assert any("0.0320\n(0.0270 to 0.0380)" in text for text in texts(ax))


@pytest.mark.slow
def test_the_drop_is_drawn_against_the_strength_and_the_crossing_is_marked(results: dict[str, Result]) -> None:
    ax = results["perturbation"].plot()
    assert "reached at 0.15" in texts(ax)
    assert [label.get_text().split("\n")[0] for label in ax.get_xticklabels()] == ["0.05", "0.1", "0.2", "0.4"]
    without = replace(results["perturbation"], extras={})
    assert not any("reached" in text for text in texts(without.plot()))


def test_what_is_not_allowed_is_shaded_on_the_right_side(results: dict[str, Result]) -> None:
    def shaded(result: Result) -> tuple[float, float]:
        ax = draw_result(replace(result, kind="other"))
        box = max((patch.get_bbox() for patch in ax.patches), key=lambda box: box.width)
        return box.x0, box.x1

    ceiling, floor = (
        replace(results["slices"], tolerance=0.03),
        replace(results["slices"], tolerance=0.03, larger_is_worse=False),
    )
    assert shaded(ceiling)[0] == pytest.approx(0.03)
    assert shaded(floor)[1] == pytest.approx(0.03)


def test_a_name_is_never_read_as_a_formula(results: dict[str, Result]) -> None:
    details = results["slices"].details.assign(group=r"cost_$x^{$ & \frac")
    ax = replace(results["slices"], name="a$b$", metric="$y", details=details).plot()
    ax.figure.canvas.draw()


def test_a_result_that_could_not_be_made_says_why(results: dict[str, Result]) -> None:
    assert any("Input contains NaN" in text for text in texts(results["error"].plot()))


@pytest.mark.slow
def test_a_report_is_drawn_with_axes_for_each_check(results: dict[str, Result]) -> None:
    axes = Report(tuple(results.values())).plot()
    assert [ax.get_title(loc="left")[2:] for ax in axes] == [result.name for result in results.values()]
    assert len({ax.figure for ax in axes}) == 1
    axes[0].figure.canvas.draw()
    assert Report(()).plot() == []


def test_drawing_leaves_the_readers_style_alone(results: dict[str, Result]) -> None:
    before = dict(mpl.rcParams)
    results["invariance"].plot(plt.figure().add_subplot())
    assert dict(mpl.rcParams) == before


def test_another_room_can_register_a_picture(results: dict[str, Result]) -> None:
    @draws("test_kind", "rows")
    def draw(result: Result, ax: Axes) -> None:
        ax.text(0, 0, f"{result.details['rows'].sum()} rows")

    try:
        result = replace(results["slices"], kind="test_kind")
        assert f"{result.details['rows'].sum()} rows" in texts(result.plot())
    finally:
        del DRAWINGS["test_kind"]


def test_the_floor_of_a_confidence_stands_on_the_axis_that_decides(results: dict[str, Result]) -> None:
    def floor(result: Result) -> tuple[bool, bool]:
        lines = [line for line in result.plot().lines if line.get_linestyle() == "--"]
        return np.ptp(lines[0].get_xdata()) == 0, np.ptp(lines[0].get_ydata()) == 0

    assert floor(results["confidence"]) == (False, True)
    assert floor(replace(results["confidence"], estimate=0.4, tolerance=0.5)) == (True, False)


def test_pictures_of_values_speak_of_no_decisions(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sex": ["f", "m"] * 200, "age": np.arange(400.0)})
    sweep = (0.1, 0.2)
    suite = ev.Suite([ev.Invariance("sex"), ev.Perturbation(ev.noise("age", sd=0.2), sweep=sweep, max_drop=1.0)])
    moved = suite.run(lambda X: X["age"] + (X["sex"] == "f"), frame, frame["age"], progress=False)
    decided = suite.run(lambda X: X["age"] / 400, frame, frame["age"] > 200, progress=False)
    for report, word, other in ((moved, "predicted values", "decision"), (decided, "decisions", "value")):
        for result in Report.from_json(report.to_json(tmp_path / "report.json")).results:
            label = result.plot().get_xlabel()
            assert word in label
            assert other not in label
            assert other not in result.explain()


def test_the_tolerance_leaves_names_and_numbers_free(results: dict[str, Result]) -> None:
    for kind in ("slices", "weak_slices", "invariance", "directional"):
        ax = results[kind].plot()
        ax.figure.canvas.draw()
        pieces = [
            line for line in ax.collections if hasattr(line, "get_segments") and len(line.get_linestyle()[0][1] or ())
        ]
        assert pieces, "the tolerance is drawn"
        names = [text.get_window_extent() for text in ax.texts if not text.get_text().startswith("at ")]
        for (x, bottom), (_x, top) in pieces[0].get_segments():
            low, high = (ax.transData.transform((x, y))[1] for y in (bottom, top))
            at = ax.transData.transform((x, bottom))[0]
            assert [box for box in names if box.x0 < at < box.x1 and box.y0 + 1 < high and low < box.y1 - 1] == []


def test_per_cents_have_the_decimals_that_they_need() -> None:
    ax = plt.figure().subplots()
    percent(ax)
    write = ax.xaxis.get_major_formatter()
    assert [write(share, 0) for share in (0.0, -0.0, 0.8, 1.0, 0.125, 0.30000000000000004)] == [
        "0%", "0%", "80%", "100%", "12.5%", "30%"
    ]  # fmt: skip
