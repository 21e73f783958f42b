"""Cards: the two twins say the same."""

from __future__ import annotations

import pytest

from mlops_lab.lessons.card import Card, Code, Items, Picture, Table, show
from mlops_lab.lessons.frames import png, table

pd = pytest.importorskip("pandas")


def test_every_block_is_in_both_twins() -> None:
    card = Card(
        "check",
        ["A **bold** claim.", Items(["one", "two"], numbered=True), Code("x < 1"), Picture(b"", 'a "curve"')],
        tone="good",
        state="correct",
    )
    assert card.text == 'A bold claim.\n\n1. one\n2. two\n\n    x < 1\n\na "curve"'
    for part in ("mlops-check mlops-correct", "<ol><li>one", "x &lt; 1", 'alt="a &quot;curve&quot;"'):
        assert part in card.html


def test_tables_align_in_text_and_name_their_columns_in_html() -> None:
    made = Table(["format", "MB"], [["csv", "34.2"], ["parquet", "5.1"]], [False, True])
    assert made.text().splitlines() == ["format     MB", "───────  ────", "csv      34.2", "parquet   5.1"]
    assert made.html().count('scope="col"') == 2


def test_a_terminal_prints_the_text(capsys: pytest.CaptureFixture[str]) -> None:
    show(Card("say", ["One idea."]), widget=object())
    assert capsys.readouterr().out == "One idea.\n\n"


@pytest.mark.parametrize(
    ("data", "header"),
    [
        (pd.DataFrame({"a": [1]}), ["a"]),
        (pd.DataFrame({"a": [1]}, index=["row"]), ["", "a"]),
        (pd.DataFrame({"a": [1]}, index=pd.Index(["row"], name="format")), ["format", "a"]),
        (pd.Series({"csv": 1.0}), ["", "value"]),
        ({"csv": 1.0}, ["name", "value"]),
        ([{"a": 1, "b": 2}], ["a", "b"]),
        ([Items(["x"])], ["entries", "numbered"]),
    ],
)
def test_tables_are_made_of_whatever_holds_rows(data: object, header: list[str]) -> None:
    assert list(table(data).header) == header


def test_missing_values_are_dashes() -> None:
    frame = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": ["x", None]})
    assert [list(row) for row in table(frame).rows] == [["1", "x"], ["–", "–"]]


def test_a_figure_is_drawn_once_and_closed() -> None:
    import matplotlib.pyplot as plt

    figure, _axes = plt.subplots()
    assert png(figure).startswith(b"\x89PNG")
    assert not plt.fignum_exists(figure.number)


def test_a_cell_breaks_between_numbers_only() -> None:
    html = Table(["read"], [["535 ms (360–770)"]], [False]).html()
    assert "535\N{NO-BREAK SPACE}ms (360\N{WORD JOINER}–\N{WORD JOINER}770)" in html
