"""Tables and figures, made ready for a card."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlops_lab.lessons.card import Table
from mlops_lab.lessons.words import number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["png", "table"]


def table(data: Any, caption: str = "", measured: bool = True) -> Table:
    """Make a table of what is given.

    Parameters
    ----------
    data : DataFrame, Series, mapping, or sequence of mappings or dataclasses
        What to show; an index that counts the rows is left out.
    caption : str, optional
        What the table is.
    measured : bool, default True
        Whether its values differ from machine to machine.

    Returns
    -------
    Table
        Numbers with three digits, on the right; text on the left.

    Examples
    --------
    >>> print(table([{"format": "csv", "bytes": 34_200_000}], measured=False).text())
    format       bytes
    ──────  ──────────
    csv     34,200,000
    """
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    frame = _frame(data)
    numeric = [is_numeric_dtype(kind) and not is_bool_dtype(kind) for kind in frame.dtypes]
    rows = [[number(_plain(cell)) for cell in row] for row in frame.itertuples(index=False, name=None)]
    return Table([str(column) for column in frame.columns], rows, numeric, caption, measured)


def png(figure: Figure) -> bytes:
    """Draw a figure as PNG and close it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.

    Returns
    -------
    bytes
        The picture.
    """
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    return buffer.getvalue()


def _frame(data: Any) -> pd.DataFrame:
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        frame = data
    elif isinstance(data, pd.Series):
        frame = data.to_frame(name="value" if data.name is None else data.name)
    elif isinstance(data, Mapping):
        return pd.DataFrame({"name": list(data), "value": list(data.values())}, dtype=object)
    else:
        frame = pd.DataFrame([_record(row) for row in data])
    if isinstance(frame.index, pd.RangeIndex) and frame.index.name is None:
        return frame
    return frame.reset_index(names=None if any(frame.index.names) else "")


def _record(row: Any) -> Any:
    return dataclasses.asdict(row) if dataclasses.is_dataclass(row) and not isinstance(row, type) else row


def _plain(cell: Any) -> Any:
    import pandas as pd

    return None if cell is pd.NA or cell is pd.NaT else cell
