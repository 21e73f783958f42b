"""Every format with every engine and compression, and a table that all can hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlops_lab.storage import FORMATS

KINDS = [kind for one in FORMATS.values() for kind in (one.using(engine=engine) for engine in one.engines)]
EVERY = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.label)
EVERY_COMPRESSION = pytest.mark.parametrize(
    "kind",
    [one.using(compression=compression) for one in KINDS for compression in one.compressions],
    ids=lambda kind: f"{kind.label}-{kind.compression}",
)
LOG_LIKE = {"json", "csv", "avro", "protobuf"}  # rows may be added to the end without touching what is there


def a_table(rows: int = 50) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "number": np.arange(rows),
            "share": np.arange(rows) / 7,
            "odd name, é": [f"row {i}, “é”\n" for i in range(rows)],
            "when": pd.date_range("2013-01-01", periods=rows, freq="h", unit="us"),
            "sure": np.arange(rows) % 3 == 0,
        }
    )


def same_values(left: pd.Series, right: pd.Series) -> None:
    """Equal as text, so that formats which lose a type can be compared in what they keep."""
    assert left.astype("string").tolist() == right.astype("string").tolist()
