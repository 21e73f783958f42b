"""What a learner has done, kept in one JSON file for the whole course.

The file lies in the learner's workspace: ``MLOPS_LAB_HOME``, else the user's data directory. It is written to a
temporary file that then takes its place, so a kernel killed in mid-write leaves the last whole state. Every change
reads the newest state under a lock before it writes, so two notebooks at once lose nothing. Where the workspace cannot
be written, the course goes on in memory, and says so once.

::

    {"version": 1,
     "lessons": {"03_storage_formats": {
        "predictions": {"size": {"given": [{"answer": 6.0, "confidence": 80.0, "at": "2026-05-01T09:00:00+00:00"}],
                                 "measured": 6.5, "measured_at": "…", "right": true}},
        "exercises": {"smallest": {"attempts": [{"state": "not yet", "idea": "binary_is_small", "at": "…"}],
                                   "hints": 2, "solution_at": null}},
        "quiz": {"rows": {"answers": [{"answer": "b", "right": true, "at": "…"}]}}}}}
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeGuard

from mlops_lab.home import home
from mlops_lab.i18n import gettext as _

try:
    import fcntl
except ImportError:  # Windows: the last of two writers within the same millisecond wins
    fcntl = None  # type: ignore[assignment]

__all__ = ["VERSION", "Progress", "Record", "empty", "now"]

VERSION = 1
Record = dict[str, Any]
_ENTRIES = {  # of each kind of part: where its list is, and what every entry has
    "predictions": ("given", {"answer", "confidence", "at"}),
    "exercises": ("attempts", {"state"}),
    "quiz": ("answers", {"right"}),
}


def now() -> str:
    """Return the time, in UTC, as it is stored."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def empty() -> Record:
    """Return the record of somebody who has done nothing yet."""
    return {"version": VERSION, "lessons": {}}


class Progress:
    """The learner's record.

    Parameters
    ----------
    folder : Path, optional
        The workspace; by default `home`.

    Attributes
    ----------
    notices : list of str
        Sentences that the learner has to be told, each once.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = home() if folder is None else folder
        self.notices: list[str] = []
        self._memory: Record | None = None

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / "progress.json"

    @property
    def in_memory(self) -> bool:
        """Whether what is done now is kept in memory only."""
        return self._memory is not None

    def read(self) -> Record:
        """Return the newest record.

        Returns
        -------
        dict
            A copy; see the module's text for its form.
        """
        if self._memory is not None:
            return copy.deepcopy(self._memory)
        try:
            return copy.deepcopy(self._load())
        except OSError as error:
            return self._go_on_in_memory(empty(), error)

    def change(self, edit: Callable[[Record], None]) -> Record:
        """Change the record and keep it.

        Parameters
        ----------
        edit : callable
            Changes the record that it is given in place.

        Returns
        -------
        dict
            The record after the change.
        """
        if self._memory is not None:
            edit(self._memory)
            return copy.deepcopy(self._memory)
        record = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with _lock(self.path.with_suffix(".lock")):
                record = self._load()
                edit(record)
                if self._memory is None:  # a record of a newer version was found: it is left as it is
                    _write(self.path, record)
        except OSError as error:
            if record is None:
                record = self._load_or_empty()
                edit(record)
            return self._go_on_in_memory(record, error)
        return copy.deepcopy(record)

    def _load(self) -> Record:
        try:
            record = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return empty()
        except ValueError:
            return self._keep_aside()
        if not isinstance(record, dict) or not isinstance(record.get("version"), int):
            return self._keep_aside()
        if record["version"] != VERSION:
            self._memory = empty()
            self.notices.append(
                _(
                    "The progress in {path} was written by another version of mlops_lab. It is left as it is; what you "
                    "do now is kept in memory only. Update mlops_lab to go on from there."
                ).format(path=self.path)
            )
            return self._memory
        return record if _is_sound(record) else self._keep_aside()

    def _load_or_empty(self) -> Record:
        try:
            return self._load()
        except OSError:
            return empty()

    def _keep_aside(self) -> Record:
        aside = self.path.with_name(f"progress.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.json")
        with contextlib.suppress(FileNotFoundError):  # another notebook was quicker
            os.replace(self.path, aside)
        self.notices.append(
            _("The file of your progress could not be read. It was kept as {path}, and a new one is begun.").format(
                path=aside
            )
        )
        return empty()

    def _go_on_in_memory(self, record: Record, error: OSError) -> Record:
        self._memory = record
        self.notices.append(
            _(
                "Your progress cannot be saved in {folder} ({problem}). It is kept in memory until this kernel ends; "
                "set MLOPS_LAB_HOME to a folder that can be written."
            ).format(folder=self.folder, problem=error.strerror or error)
        )
        return copy.deepcopy(record)


def _is_sound(record: Record) -> bool:
    """Tell whether a record has the form that this version reads; what it does not know of may stand beside."""
    lessons = record.get("lessons")
    if not _holds_dicts(lessons):
        return False
    for lesson in lessons.values():
        for kind, (entries, keys) in _ENTRIES.items():
            parts = lesson.get(kind, {})
            if not _holds_dicts(parts):
                return False
            for listed in (part.get(entries, []) for part in parts.values()):
                if not isinstance(listed, list) or not all(isinstance(e, dict) and keys <= e.keys() for e in listed):
                    return False
    return True


def _holds_dicts(value: Any) -> TypeGuard[dict[str, Record]]:
    return isinstance(value, dict) and all(isinstance(part, dict) for part in value.values())


def _write(path: Path, record: Record) -> None:
    # Always the same name, since the lock is held: a killed writer leaves one such file at most.
    temporary = path.with_suffix(".new")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(record, file, ensure_ascii=False, indent=1, allow_nan=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold a lock that ends with its process, so that a killed kernel blocks nobody."""
    with path.open("w") as file:
        if fcntl is not None:
            with contextlib.suppress(OSError):  # a file system without locks, such as some network homes
                fcntl.flock(file, fcntl.LOCK_EX)
        yield
