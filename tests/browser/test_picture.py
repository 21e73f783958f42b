"""The picture in the README, taken from the lesson itself: `pytest tests/browser --update-images`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.lab import ROOT, Notebook

PICTURE = ROOT / "docs" / "images" / "lesson.png"
BYTES = 300_000
CHOICES = ("csv", "json (pyarrow)", "avro", "pickle", "feather")


@pytest.mark.usefixtures("update_images")
def test_update_the_picture(open_lesson: Callable[..., Notebook]) -> None:
    notebook = open_lesson("03_storage_formats.ipynb")
    for cell in ("here", "imports", "flights", "widget"):
        notebook.run(cell)
    explorer = notebook.output("widget")
    for choice in CHOICES:
        explorer.get_by_label("Format").select_option(choice)
        expect(explorer.locator(".mlops-lab-text")).to_contain_text(f"as {choice}:")
    explorer.get_by_label("Format").blur()
    notebook.cell("widget-text").evaluate("cell => cell.scrollIntoView({block: 'start', behavior: 'instant'})")
    notebook.page.screenshot(path=PICTURE)
    assert PICTURE.stat().st_size < BYTES


def test_the_picture_is_there_and_small() -> None:
    assert PICTURE.read_bytes().startswith(b"\x89PNG")
    assert PICTURE.stat().st_size < BYTES
