"""Pages: whole, small, escaped, readable by everyone."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_lab.evaluation import Report, Result, compare
from mlops_lab.evaluation.html import bar, breakable, report_html, report_page, result_html, worst_first

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
EVIL = "<script>alert('x')</script>"
VOID = {"meta", "br", "wbr", "link", "img", "hr", "input", "use", "path", "rect", "line", "circle"}


class Strict(HTMLParser):
    """Fails where tags do not nest; keeps tags and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def report(results: dict[str, Result]) -> Report:
    """Return a report with every kind of result, and a hostile one."""
    hostile = replace(
        results["slices"],
        name=EVIL,
        target=EVIL,
        metric=EVIL,
        notes=(EVIL,),
        details=results["slices"].details.rename(columns={"rows": EVIL}),
        examples=pd.DataFrame({EVIL: [EVIL]}),
    )
    return Report(
        (*results.values(), hostile), rows=4000, notes=(EVIL,), suite={EVIL: EVIL}, model={"description": EVIL}
    )


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return report_page(report, examples=True)


@pytest.mark.slow
def test_every_form_is_well_formed_and_escaped(report: Report, page: str) -> None:
    forms = [page, report_html(report), compare(report, report)._repr_html_(), *map(result_html, report.results)]
    for text in forms:
        tags = [tag for tag, _ in Strict(text).tags]
        assert "script" not in tags
        assert EVIL not in text
    assert "&lt;script&gt;" in page


def test_a_page_asks_for_nothing_from_elsewhere(page: str) -> None:
    for _, attributes in Strict(page).tags:
        for name in ("src", "href", "xlink:href", "action"):
            assert (attributes.get(name) or "#").startswith("#")
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)


def test_names_inside_a_page_are_unique_and_found(page: str) -> None:
    tags = Strict(page).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {
        value[1:] for _, attributes in tags for name, value in attributes.items() if name.endswith("href") and value
    }
    assert links <= set(ids)


def test_headings_and_tables_tell_their_structure(page: str) -> None:
    tags = Strict(page).tags
    assert [tag for tag, _ in tags].count("h1") == 1
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in tags if tag == "th")
    assert all(attributes.get("aria-label") for _, attributes in tags if attributes.get("role") in ("img", "region"))


@pytest.mark.slow
def test_a_large_report_stays_below_a_megabyte(results: dict[str, Result]) -> None:
    long = results["slices"].details
    long = pd.concat([long.assign(group=f"group {place}" * 30) for place in range(500)], ignore_index=True)
    many = [replace(results["slices"], name=f"{place}", details=long) for place in range(20)]
    many += [replace(one, name=f"{kind} {place}") for place in range(5) for kind, one in results.items()]
    page = report_page(Report(tuple(many)))
    assert len(page.encode()) < 1_000_000
    assert "990 more rows" in page


def test_a_notebook_shows_a_report_without_drawing(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a figure was drawn")

    monkeypatch.setattr("mlops_lab.evaluation.html.figures", refuse)
    monkeypatch.setattr("matplotlib.figure.Figure.__init__", refuse)
    assert report.headline in report._repr_html_()
    with pytest.raises(AssertionError, match="drawn"):
        report_page(report)


def test_the_page_says_what_explain_says(report: Report, page: str) -> None:
    for result in report.results[:7]:
        for part in result.parts().values():
            assert part in page


numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(numbers, numbers, numbers, numbers, st.booleans())
def test_a_bar_stays_inside_its_width(estimate: float, low: float, high: float, tolerance: float, worse: bool) -> None:
    made = bar(Result("", "", "", "", "fail", estimate, low, high, tolerance, worse))
    if not math.isfinite(estimate):
        assert made is None
        return
    assert made is not None
    places = [made.low, made.high, made.estimate, *(made.forbidden or ())]
    assert all(0 <= place <= 100 for place in places)


def test_a_bar_keeps_the_order_of_its_numbers() -> None:
    made = bar(Result("", "", "", "", "fail", 0.03, 0.02, 0.05, 0.01))
    assert made is not None
    assert made.tolerance is not None
    assert 0 < made.tolerance < made.low < made.estimate < made.high < 100
    assert made.forbidden == (made.tolerance, 100.0)


def missing(what: str) -> None:
    """Skip on a developer's machine; in continuous integration the browser is part of the test."""
    sentence = f"The accessibility test needs {what}; install it to run this test."
    pytest.fail(sentence) if os.environ.get("CI") == "true" else pytest.skip(sentence)


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the source of axe-core, fetched from npm."""
    folder, npm = tmp_path_factory.mktemp("axe"), shutil.which("npm")
    if npm is None:
        missing("npm")
    try:
        subprocess.run([str(npm), "pack", "axe-core@4"], cwd=folder, check=True, capture_output=True, timeout=120)
    except (subprocess.SubprocessError, OSError):
        missing("axe-core from npm")
    shutil.unpack_archive(next(folder.glob("*.tgz")), folder, filter="data")
    return (folder / "package" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        missing("Chromium")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_everyone_can_read_the_page(axe: str, browser: Any, page: str, width: int, scheme: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    tab, asked = context.new_page(), []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(path.as_uri())
    assert asked == [path.as_uri()]
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    tab.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    tab.evaluate(axe)
    violations = tab.evaluate("axe.run()")["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in violations] == []
    context.close()


@pytest.mark.browser
def test_print_shows_what_was_folded(browser: Any, page: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    tab = browser.new_page()
    tab.goto(path.as_uri())
    cell = tab.locator("details td").first
    assert not cell.is_visible()
    tab.emulate_media(media="print")
    assert cell.is_visible()
    tab.close()


@pytest.mark.browser
def test_the_page_forbids_scripts(browser: Any, page: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page.replace("</body>", "<script>document.title = 'run'</script></body>"), encoding="utf-8")
    tab = browser.new_page()
    tab.goto(path.as_uri())
    assert tab.title() != "run"
    tab.close()


def test_a_suite_of_anything_is_shown() -> None:
    page = report_page(Report((), suite={"checks": ({"odd": pd.DataFrame({"a": [1]}), 3: complex(1, 2)},)}))
    assert "(1+2j)" in page


def test_a_name_ends_its_lines_between_words() -> None:
    assert breakable("invariance:native_country") == "invariance:<wbr>native_<wbr>country"
    assert breakable(EVIL) == "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;"


@pytest.mark.browser
def test_no_column_is_cut_off_on_a_desk(browser: Any, page: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(path.as_uri())
    assert tab.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('.scroll'))")
    tab.close()


JUPYTERLAB = """
.jp-RenderedHTMLCommon table { table-layout: fixed; margin-left: auto; margin-right: auto; }
.jp-RenderedHTMLCommon td, .jp-RenderedHTMLCommon th { white-space: normal; max-width: none; padding: .5em; }
.jp-RenderedHTMLCommon:not(.jp-RenderedMarkdown) td, .jp-RenderedHTMLCommon:not(.jp-RenderedMarkdown) th
  { text-align: right; }
.jp-RenderedHTMLCommon dt { float: left; width: 20%; }
.jp-RenderedHTMLCommon dd { float: left; width: 78%; }
"""
OVERLAPPING = """
() => [...document.querySelectorAll('tr')].flatMap(row => {
    const ends = [...row.cells].map(cell => {
        const text = document.createRange();
        text.selectNodeContents(cell);
        return text.getBoundingClientRect();
    });
    return ends.slice(1).filter((box, i) => box.width && ends[i].width && box.left < ends[i].right - 1).map(
        () => row.textContent);
})
"""


@pytest.mark.browser
def test_a_notebook_keeps_cells_apart_in_jupyterlab(browser: Any, report: Report) -> None:
    tab = browser.new_page(viewport={"width": 620, "height": 900})
    shown = report_html(report) + result_html(report.results[0])
    tab.set_content(f'<style>{JUPYTERLAB}</style><div class="jp-RenderedHTMLCommon">{shown}</div>')
    tab.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert tab.evaluate(OVERLAPPING) == []
    look = "e => [getComputedStyle(e).textAlign, getComputedStyle(e).float]"
    assert tab.locator("tbody th:not(.num)").first.evaluate(look) == ["left", "none"]
    assert tab.locator("td.num").first.evaluate(look) == ["right", "none"]
    for name in ("dt", "dd"):
        assert tab.locator(name).first.evaluate(look)[1] == "none"
    tab.close()


def test_the_worst_of_many_names_are_shown_and_a_curve_keeps_its_order() -> None:
    names = pd.DataFrame({"pair": [f"{place:02}" for place in range(50)], "estimate": np.arange(50) % 7})
    assert worst_first(names, rows=10)["pair"].tolist()[:3] == ["06", "13", "20"]
    assert worst_first(names, rows=50) is names
    curve = pd.DataFrame({"threshold": np.linspace(0.5, 1, 50), "estimate": np.arange(50) % 7})
    assert worst_first(curve, rows=10) is curve
