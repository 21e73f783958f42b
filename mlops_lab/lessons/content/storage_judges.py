"""The judges of lesson 03: each tries the learner's answer on files that she has not seen."""

from __future__ import annotations

import base64
import os
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.exercise import Verdict, call, correct, not_yet, wrong
from mlops_lab.storage import FORMATS, Benchmark, StorageError
from mlops_lab.storage.ratios import Ratio

__all__ = ["archive", "choose", "noise", "pack", "stranger"]

FITTING: dict[str, set[str]] = {
    "train": {"parquet", "orc"},
    "events": {"avro", "protobuf"},
    "calls": {"protobuf", "avro"},
    "accountant": {"csv"},
    "cache": {"pickle", "feather", "parquet"},
}


def choose(choice: Any, given: SimpleNamespace) -> Verdict:
    """Check the formats chosen for five situations, with the numbers that the learner measured."""
    measured = getattr(given, "measured", None)
    if not isinstance(measured, Benchmark):
        return not_yet(_("the numbers are missing; write `here.check('choose', choice, measured=eight)`."))
    if not isinstance(choice, Mapping) or set(choice) != set(FITTING):
        return not_yet(_("the answer has to be the dict with its five keys; only the values are yours to change."))
    for name in choice.values():
        try:
            FORMATS[name]
        except (StorageError, TypeError) as error:
            return not_yet("{problem}", problem=error)
    for situation in FITTING:
        name = choice[situation]
        if name not in FITTING[situation]:
            return _misfit(situation, name, measured)
    return correct(
        _(
            "five situations, and more than one format. What decides is who reads it, which part of it, and whether "
            "it grows. Parquet's append took {append:.1f} times as long as Avro's here; Avro's four columns took "
            "{columns:.0f} times as long as Parquet's."
        ),
        append=measured.ratio("append", "parquet", "avro"),
        columns=measured.ratio("columns", "avro", "parquet"),
    )


def _misfit(situation: str, name: str, measured: Benchmark) -> Verdict:
    """Say what is wrong with one format in one situation."""
    if situation == "accountant":
        return wrong("needs_a_program", format=name)
    if name == "json":
        return wrong("json_everywhere", bytes=measured.ratio("bytes", "json", "csv"))
    if situation == "train" and name == "pickle":
        return wrong("binary_is_small", bytes=measured.ratio("bytes", "pickle", "csv"))
    if situation == "calls" and name == "pickle":
        return wrong("pickle_between_services")
    if name == "csv":
        return wrong("csv_everywhere")
    if situation in ("events", "calls") and FORMATS[name].layout == "column":
        return wrong("parquet_always", format=name, append=measured.ratio("append", name, "avro"))
    if situation == "train":
        return not_yet(
            _("for reading four columns, {format} took {ratio:.1f} times as long as Parquet in your run."),
            format=name,
            ratio=measured.ratio("columns", name, "parquet"),
        )
    if situation == "events":
        return not_yet(_("adding to a pickle has its price: {cost}"), cost=FORMATS[name].append_cost)
    return not_yet(_("for one process and one hour, {format} does work that nobody asks for."), format=name)


def noise(decision: Any, given: SimpleNamespace) -> Verdict:
    """Check whether a small difference was held against the spread, round by round."""
    if not isinstance(decision, Mapping) or set(decision) != {"faster", "low", "high"}:
        return not_yet(_("the answer has to be the dict with the keys `faster`, `low` and `high`."))
    try:
        low, high = float(decision["low"]), float(decision["high"])
    except (TypeError, ValueError):
        return not_yet(_("`low` and `high` have to be numbers: the ends of the interval."))
    ratio = Ratio.paired(given.snappy, given.zstd)
    faster = str(decision["faster"]).strip().lower().replace("cannot", "can't")
    loose = (min(given.snappy) / max(given.zstd), max(given.snappy) / min(given.zstd))
    if np.allclose((low, high), loose, atol=0.005):
        return wrong("not_in_pairs", loose_low=loose[0], loose_high=loose[1], low=ratio.low, high=ratio.high)
    if not np.allclose((low, high), (ratio.low, ratio.high), atol=0.005):
        return not_yet(
            _("the ends of the interval are others; `Ratio.paired(snappy, zstd)` has them as `.low` and `.high`.")
        )
    if faster in ("the same", "same", "equal", "neither", "none"):
        return wrong("noise_is_equality", low=ratio.low, high=ratio.high)
    if faster in ("zstd", "snappy"):
        return wrong("median_decides" if faster == "zstd" else "the_other", low=ratio.low, high=ratio.high)
    if faster != "can't tell":
        return not_yet(_('for `faster`, write `"zstd"`, `"snappy"`, `"the same"` or `"can\'t tell"`.'))
    return correct(
        _(
            "the interval goes from {low:.2f} to {high:.2f}, and 1 lies inside: six rounds fit with zstd being "
            "faster, and with snappy being faster. More rounds may tell."
        ),
        low=ratio.low,
        high=ratio.high,
    )


OLD_FIELDS = [("flight", "int"), ("air_time", "int"), ("carrier", "string")]
NEW_FIELDS = [("flight", "int"), ("distance", ["null", "int"]), ("air_time", "int"), ("airline", "string")]
MEANT = {"flight": [11, 4646, 509], "air_time": [371, 53, 149], "airline": ["AS", "WN", "DL"]}


def archive(read_archive: Any, given: SimpleNamespace) -> Verdict:
    """Check the reader on old files, on one whose fields stand in another order, and on a new one."""
    if not callable(read_archive):
        return not_yet(_("the answer has to be a function; hand over `read_archive` itself, without parentheses."))
    with TemporaryDirectory(prefix="mlops-lab-") as folder:
        for name, fields, distance in (
            ("old", OLD_FIELDS, None),
            ("turned", OLD_FIELDS[::-1], None),
            ("new", NEW_FIELDS, [2402, 214, 760]),
        ):
            path = Path(folder) / f"{name}.avro"
            _write_avro(path, fields, distance)
            if (verdict := _judge_read(name, call(read_archive, path), distance)) is not None:
                return verdict
    return correct(
        _(
            "it read an old file, an old file with its fields in another order, and a new one. The default filled "
            "what the old files do not know, and the alias found the field under its old name."
        )
    )


def _write_avro(path: Path, fields: list[tuple[str, Any]], distance: list[int] | None) -> None:
    import fastavro

    columns = {**MEANT, "carrier": MEANT["airline"], "distance": distance}
    rows = [{name: columns[name][row] for name, _kind in fields} for row in range(3)]  # type: ignore[index]
    declared = [{"name": name, "type": kind} for name, kind in fields]
    schema = fastavro.parse_schema({"type": "record", "name": "Flight", "fields": declared})
    with path.open("wb") as file:
        fastavro.writer(file, schema, rows)


def _judge_read(name: str, table: Any, distance: list[int] | None) -> Verdict | None:
    """Return what is wrong with a table that the learner's reader returned, or None."""
    if not isinstance(table, pd.DataFrame) or len(table) != 3:
        return not_yet(_("the reader has to return a DataFrame with one row for each flight of the file."))
    if "airline" not in table:
        return wrong("old_names")
    if missing := [column for column in (*MEANT, "distance") if column not in table]:
        return not_yet(_("the column {name} is missing in what it returned."), name=missing[0])
    if table["airline"].isna().all():
        return wrong("default_instead_of_alias")
    if name != "new" and not table["distance"].isna().all():
        return wrong("invented_distance", value=table["distance"].iloc[0])
    same = all(table[column].tolist() == values for column, values in MEANT.items())
    if not same and name == "turned":
        return wrong("by_position")
    if not same:
        return not_yet(
            _("the values are not those of the file: of each flight, compare what you return with what is in it.")
        )
    if distance is not None and table["distance"].tolist() != distance:
        return wrong("new_files_lose")
    return None


def pack(function: Any, given: SimpleNamespace) -> Verdict:
    """Check the one file that the learner's function makes of a folder of pictures and a table."""
    from mlops_lab.storage import multimodal

    if not callable(function):
        return not_yet(_("the answer has to be a function; hand over `pack` itself, without parentheses."))
    reports = multimodal.samples(7, seed=11)
    with TemporaryDirectory(prefix="mlops-lab-") as folder:
        source, target = Path(folder) / "reports", Path(folder) / "reports.parquet"
        multimodal.write_folder(reports, source)
        call(function, source, target)
        if not target.is_file():
            return not_yet(_("no file is at `path` after the call; write it exactly there."))
        content = target.read_bytes()
        if content[:4] != b"PAR1":
            return _no_parquet(content, target)
        return _judge_packed(pd.read_parquet(target), reports, len(content))


def _no_parquet(content: bytes, target: Path) -> Verdict:
    if content[:1] == pickle.PROTO:
        return wrong("pickled")
    if content[:1] in b"[{":
        growth = len(base64.b64encode(b"x" * 3000)) / 3000
        return wrong("as_json", growth=growth)
    return not_yet(
        _("the file is not a Parquet file; a reader tells by its first four bytes, {start}."), start=content[:4]
    )


def _judge_packed(table: pd.DataFrame, reports: pd.DataFrame, size: int) -> Verdict:
    if len(table) != len(reports) or "text" not in table:
        return not_yet(_("the file has to hold one row for each report, with its text in the column `text`."))
    ordered = table.set_index("text").reindex(reports["text"]).reset_index()
    pictures = reports["picture"].tolist()
    held = [name for name in table if isinstance(table[name].iloc[0], bytes)]
    if not held:
        encoded = base64.b64encode(pictures[0]).decode()
        texts = [name for name in ordered if ordered[name].iloc[0] == encoded]
        return wrong("base64_text", growth=len(encoded) / len(pictures[0])) if texts else wrong("names_only")
    if not any(ordered[name].tolist() == pictures for name in held):
        together = any(sorted(ordered[name].tolist()) == sorted(pictures) for name in held)
        return wrong("pictures_mixed_up") if together else not_yet(_("the bytes are not those of the picture files."))
    for name in ("flight", "weight"):
        if name not in table or not pd.api.types.is_numeric_dtype(table[name]):
            return wrong("numbers_as_text", column=name)
        if not np.allclose(ordered[name], reports[name]):
            return not_yet(_("the numbers of the column {column} are not those of the table."), column=name)
    return correct(
        _(
            "{count} pictures, their sentences and their numbers lie in one file, each picture beside its own "
            "sentence. It opened without your code, and it will in any language that reads Parquet."
        ),
        count=len(reports),
    )


class _Quiet:
    """Pickles into a call that has no suspicious word in it; it makes an empty folder, and nothing else."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.marker),)


def stranger(open_safely: Any, given: SimpleNamespace) -> Verdict:
    """Check the function on files of strangers; those that are dangerous leave a mark behind when they run."""
    from sklearn.linear_model import LogisticRegression

    from mlops_lab.storage import model_files

    if not callable(open_safely):
        return not_yet(_("the answer has to be a function; hand over `open_safely` itself, without parentheses."))
    model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    with TemporaryDirectory(prefix="mlops-lab-") as name:
        folder = Path(name)
        model_files.save_booby_trap(model, folder / "gift.pkl", marker=folder / "gift ran")
        model_files.save_booby_trap(model, folder / "gift.skops", marker=folder / "disguised gift ran")
        (folder / "quiet.pkl").write_bytes(pickle.dumps(_Quiet(folder / "quiet gift ran")))
        model_files.save(model, folder / "model.pkl", "pickle")
        model_files.save(model, folder / "model.skops", "skops")
        for file, marker, idea in (
            ("gift.pkl", "gift ran", "tried_it"),
            ("quiet.pkl", "quiet gift ran", "list_of_bad_words"),
            ("gift.skops", "disguised gift ran", "by_its_name"),
        ):
            returned = call(open_safely, folder / file)
            if (folder / marker).exists():
                return wrong(idea, file=file)
            if returned is not None:
                return not_yet(_("for {file}, which is dangerous, return `None`."), file=file)
        if call(open_safely, folder / "model.pkl") is not None:
            return wrong("it_looks_honest")
        again = call(open_safely, folder / "model.skops")
    if again is None:
        return wrong("refuses_all")
    if not hasattr(again, "predict") or list(again.predict([[0.0], [3.0]])) != [0, 1]:
        return not_yet(_("for model.skops, return the model itself, ready to predict."))
    return correct(
        _(
            "none of the strangers' files ran, under any name; the skops file, which holds no code, was opened. You "
            "judged by content, and by what the format can do."
        )
    )
