"""What a benchmark of formats found: medians, ratios with intervals, and verdicts on claims."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from mlops_lab.i18n import gettext as _
from mlops_lab.storage.errors import unknown
from mlops_lab.storage.ratios import Ratio, median_interval

__all__ = ["Benchmark", "Claim"]


@dataclass(frozen=True)
class Claim:
    """A claim about a ratio, and whether it held on this table and this machine.

    Parameters
    ----------
    text : str
        What was claimed.
    verdict : {"held", "not held here", "can't tell"}
        *held*: the whole interval reaches the claimed ratio. *not held here*: none of it does. *can't tell*: some does.
    ratio : Ratio
        The measured ratio with its interval.
    at_least : float
        The claimed ratio.
    """

    text: str
    verdict: Literal["held", "not held here", "can't tell"]
    ratio: Ratio
    at_least: float

    def __str__(self) -> str:
        """Say it in one sentence."""
        sentences = {
            "held": _("{text}: held. Measured {ratio}, claimed {claimed:g}."),
            "not held here": _("{text}: not held here. Measured {ratio}, claimed {claimed:g}."),
            "can't tell": _("{text}: can't tell. Measured {ratio}, and the claimed {claimed:g} lies in between."),
        }
        return sentences[self.verdict].format(text=self.text, ratio=self.ratio.in_words(), claimed=self.at_least)


@dataclass(frozen=True, eq=False)
class Benchmark:
    """What was measured, and the ratios that follow from it.

    Parameters
    ----------
    measurements : pandas.DataFrame
        One row a measurement: ``format, task, round, value`` (bytes, or seconds).
    rows, columns : int
        Size of the table.
    rounds : int
        How often each task was measured with each format.
    columns_read : tuple of str
        What the task ``columns`` read.
    rows_appended : int
        How many rows the task ``append`` added.
    engines : dict of str to str
        The library behind each format.
    """

    measurements: pd.DataFrame
    rows: int
    columns: int
    rounds: int
    columns_read: tuple[str, ...]
    rows_appended: int
    engines: dict[str, str]

    @property
    def formats(self) -> list[str]:
        """Labels of the formats, in the order asked for."""
        return list(self.engines)

    @property
    def tasks(self) -> list[str]:
        """The tasks measured."""
        return list(self.measurements["task"].unique())

    @property
    def frame(self) -> pd.DataFrame:
        """One row a format and task, for further computing.

        ``median`` with ``low`` and ``high`` (its interval), ``unit``, and ``ratio_to_csv`` with its interval: below 1
        is smaller or faster than CSV. Ratios are missing where CSV was not measured.
        """
        rows: list[dict[str, Any]] = []
        for format_name in self.formats:
            for task in self.tasks:
                values = self._values(task, format_name)
                low, high, _level = median_interval(values)
                ratio = self.ratio(task, format_name, "csv") if "csv" in self.formats else None
                rows.append(
                    {
                        "format": format_name,
                        "engine": self.engines[format_name],
                        "task": task,
                        "unit": "bytes" if task == "bytes" else "seconds",
                        "median": float(np.median(values)),
                        "low": low,
                        "high": high,
                        "ratio_to_csv": math.nan if ratio is None else float(ratio),
                        "ratio_low": math.nan if ratio is None else ratio.low,
                        "ratio_high": math.nan if ratio is None else ratio.high,
                    }
                )
        return pd.DataFrame(rows)

    def ratio(self, task: str, of: str, to: str) -> Ratio:
        """Return how many times as much one format needs as another.

        Parameters
        ----------
        task : str
            One of `tasks`.
        of, to : str
            Labels of two formats, as in `formats`.

        Returns
        -------
        Ratio
            A number, the median over rounds of (what `of` needs) / (what `to` needs), with its interval.

        Raises
        ------
        StorageError
            Where the task or a format was not measured.

        Examples
        --------
        >>> from mlops_lab.storage import benchmark
        >>> measured = benchmark(pd.DataFrame({"a": range(5000)}), ["csv", "parquet"], ["bytes"], progress=False)
        >>> ratio = measured.ratio("bytes", "csv", "parquet")
        >>> f"CSV needs {ratio:.1f} times the room here", ratio.low == ratio.high
        ('CSV needs ... times the room here', True)
        """
        return Ratio.paired(self._values(task, of), self._values(task, to))

    def judge(self, task: str, of: str, to: str, at_least: float, text: str = "") -> Claim:
        """Judge the claim that one format needs at least so many times as much as another.

        Parameters
        ----------
        task, of, to : str
            As in `ratio`.
        at_least : float
            The claimed ratio.
        text : str, optional
            The claim in words.

        Returns
        -------
        Claim
            Its verdict is ``"held"``, ``"not held here"`` or ``"can't tell"``.
        """
        ratio = self.ratio(task, of, to)
        if ratio.low >= at_least:
            verdict: Literal["held", "not held here", "can't tell"] = "held"
        else:
            verdict = "not held here" if ratio.high < at_least else "can't tell"
        wording = text or _("{task}: {of} needs {claimed:g} times as much as {to}")
        return Claim(wording.format(task=task, of=of, to=to, claimed=at_least), verdict, ratio, at_least)

    def aws_claim(self, text_format: str = "csv", column_format: str = "parquet") -> dict[str, Claim]:
        """Judge what AWS says of Parquet: up to 2 times faster to unload, and up to 6 times less storage.

        AWS means unloading, which is writing a table out of its warehouse; the sentence is often retold as "faster to
        load", which is reading. "Up to" is taken as "here at least": the claim held where the whole interval reaches
        it.

        Parameters
        ----------
        text_format, column_format : str
            Labels of the two formats to compare.

        Returns
        -------
        dict of str to Claim
            Under ``"unload"``, ``"load"`` and ``"storage"``, as far as ``write``, ``read`` and ``bytes`` were measured.
        """
        parts = {
            "unload": ("write", 2, _("up to 2 times faster to unload (to write)")),
            "load": ("read", 2, _("up to 2 times faster to load (to read)")),
            "storage": ("bytes", 6, _("up to 6 times less storage")),
        }
        return {
            name: self.judge(task, text_format, column_format, at_least, text)
            for name, (task, at_least, text) in parts.items()
            if task in self.tasks
        }

    @property
    def table(self) -> pd.DataFrame:
        """The same for reading: a row a format, a column a task, medians with the middle half in brackets."""
        cells = {
            task: [_in_words(self._values(task, format_name), task) for format_name in self.formats]
            for task in self.tasks
        }
        return pd.DataFrame(cells, index=pd.Index([f"{name} · {self.engines[name]}" for name in self.formats]))

    def __repr__(self) -> str:
        """Return the table as text, with what was done."""
        return f"{self._caption()}\n{self.table.to_string()}"

    def _repr_html_(self) -> str:
        return f"<p>{self._caption()}</p>{self.table.to_html()}"

    def _caption(self) -> str:
        return _(
            "{rows:,} rows × {columns} columns, {rounds} rounds: the median, and in brackets the middle half. "
            "“columns” reads {read} of them, “append” adds {appended:,} rows."
        ).format(
            rows=self.rows,
            columns=self.columns,
            rounds=self.rounds,
            read=len(self.columns_read),
            appended=self.rows_appended,
        )

    def _values(self, task: str, format_name: str) -> np.ndarray:
        if task not in self.tasks:
            raise unknown("task measured", task, self.tasks)
        if format_name not in self.formats:
            raise unknown("format measured", format_name, self.formats)
        chosen = (self.measurements["task"] == task) & (self.measurements["format"] == format_name)
        return self.measurements.loc[chosen].sort_values("round")["value"].to_numpy(dtype=float)


def _in_words(values: np.ndarray, task: str) -> str:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    if task == "bytes":
        return _("{size:,.2f}\N{NO-BREAK SPACE}MB").format(size=middle / 1e6)
    scale, unit = (1, "s") if middle >= 1 else (1000, "ms")
    return (
        f"{_digits(middle * scale, 3)}\N{NO-BREAK SPACE}{unit} ({_digits(low * scale, 2)}–{_digits(high * scale, 2)})"
    )


def _digits(value: float, digits: int) -> str:
    """Write a positive number with so many digits that matter, and never with a power of ten."""
    return f"{float(f'{value:.{digits}g}'):,.10g}"
