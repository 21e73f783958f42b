from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from mlops_lab.explorers import look

LIGHT, DARK = "#ffffff", "#111111"  # JupyterLab's pages


def luminance(colour: str) -> float:
    """Relative luminance as the Web Content Accessibility Guidelines define it."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(one: str, other: str) -> float:
    high, low = sorted([luminance(one), luminance(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("page", [LIGHT, DARK])
@pytest.mark.parametrize("colour", [look.INK, *look.COLOURS[:3], *(colour for _, colour in look.VERDICTS.values())])
def test_colours_stand_out_on_light_and_dark_pages(colour: str, page: str) -> None:
    assert contrast(colour, page) >= (4.2 if colour == look.INK else 2.9)


def test_every_verdict_has_a_sign_of_its_own() -> None:
    signs = [sign for sign, _ in look.VERDICTS.values()]
    assert len(set(signs)) == len(signs) == 4


def test_pictures_have_the_colour_of_the_page_and_no_ground() -> None:
    figure = look.figure()
    with look.styled():
        axes = figure.add_subplot(xlabel="size", title="A title")
        axes.plot([1, 2])
    drawn = look.svg(figure)
    assert look.INK not in drawn
    assert drawn.count("currentColor") > 10
    assert not re.search(r"fill: #(ffffff|000000)", drawn)
    assert "A title" in drawn, "text stays text"
    root = ElementTree.fromstring(drawn)
    sizes = [float(size) for size in re.findall(r"font(?:-size)?: [^;]*?([\d.]+)px", drawn)]
    assert root.get("viewBox") == "0 0 468 259.2"
    assert min(sizes) >= 9


def test_the_text_for_those_who_do_not_see_is_part_of_the_picture() -> None:
    shown = look.picture(look.figure(), 'Bars & "more"')
    assert 'role="img" aria-label="Bars &amp; &quot;more&quot;"' in shown


def test_drawing_leaves_the_reader_s_own_style_alone() -> None:
    before = dict(mpl.rcParams)
    look.png(look.figure())
    look.svg(look.figure())
    assert dict(mpl.rcParams) == before


def test_png_is_as_large_as_asked() -> None:
    for dpi in (72, 144):
        width = int.from_bytes(look.png(look.figure(), dpi)[16:20], "big")
        assert width == pytest.approx(6.5 * dpi, abs=1)


def test_an_interval_is_a_bar_with_its_number() -> None:
    axes = look.figure().add_subplot()
    look.interval(axes, 1, 6.5, 6.3, 6.8, "6.5 times")
    assert axes.lines[0].get_xdata().tolist() == [6.3, 6.8]
    assert axes.texts[0].xy == (6.8, 1)


@pytest.mark.parametrize("values", [[0.001], [0.2, 7], [1, 1e6], [3e-5, 2e4]])
def test_logarithmic_axes_hold_all_values_with_few_plain_ticks(values: list[float]) -> None:
    axes = look.figure().add_subplot()
    look.logarithmic(axes, values, values)
    low, high = axes.get_xlim()
    assert low < min(values) <= max(values) < high
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert 2 <= len(labels) <= 12
    assert [float(label.replace(",", "")) for label in labels] == pytest.approx(axes.get_xticks().tolist())


def test_labels_of_crowded_points_do_not_cover_each_other() -> None:
    figure = look.figure()
    with look.styled():
        axes = figure.add_subplot(xlim=(0, 10), ylim=(0, 10))
        places = {"parquet": (5.0, 5.0), "feather": (5.2, 5.0), "orc": (5.1, 5.2), "pickle": (9.9, 9.9), "csv": (0, 0)}
        look.label_points(axes, places)
        figure.canvas.draw()
        boxes = [text.get_window_extent() for text in axes.texts]
    assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])
    assert [text.get_weight() for text in axes.texts] == ["bold"] + ["normal"] * 4
    frame = axes.get_window_extent()
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)
