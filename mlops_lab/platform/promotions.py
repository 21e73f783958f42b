"""The log of promotions: decided by the registry itself, so that of two promoters at once exactly one wins.

A registry moves one alias at a time and knows no "move it only if it is still there": two promoters could overwrite
each other, and one that dies between two moves leaves half a promotion. But a registry numbers the versions of a model
without gaps or doubles, whatever database or server it is. So each promotion of ``income`` first becomes a version of
the model ``income_promotions``, whose tags say all that is to be done. An entry names the one it follows; of two that
follow the same, the lower number counts. So everybody who reads the log sees the same winner, and can finish what the
winner began. Aliases follow the log, never the other way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from mlops_lab.evaluation.mlflow_report import TAG
from mlops_lab.platform.errors import RegistryError

__all__ = ["CHAMPION", "PREVIOUS", "Entry", "Log", "counting"]

CHAMPION = "champion"
PREVIOUS = "previous_champion"
TRIES = 8  # of a write that the database refused since others wrote at the same time
AT_ONCE = ("Giving up", "locked", "IntegrityError", "UniqueViolation", "Duplicate entry")  # how databases say that
MISSING = ("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND")


@dataclass(frozen=True)
class Entry:
    """One promotion or rollback, as the log holds it.

    Parameters
    ----------
    number : int
        Place in the log.
    after : int
        Number of the entry that it follows, 0 for the first.
    action : {"promote", "rollback"}
        What was done.
    champion : str
        Version that became champion.
    previous : str
        Version that was champion until then, "" where there was none.
    by, at : str
        Who, and when in UTC.
    report, report_run : str
        Digest of the report that let it through and the run that holds it; "" for a rollback.
    claim : str
        Made up anew for each attempt.
    settled : bool
        Whether the aliases have followed.
    """

    number: int
    after: int
    action: str
    champion: str
    previous: str
    by: str
    at: str
    report: str = ""
    report_run: str = ""
    claim: str = ""
    settled: bool = False

    @classmethod
    def of(cls, version: Any) -> Entry:
        """Read an entry from a version of the log.

        Parameters
        ----------
        version : mlflow ModelVersion
            Of the log.

        Returns
        -------
        Entry
            What its tags say.
        """
        tags = {name.removeprefix(f"{TAG}."): value for name, value in version.tags.items()}
        texts = ("action", "champion", "previous", "by", "at", "report", "report_run", "claim")
        return cls(
            number=int(version.version),
            after=int(tags["after"]),
            settled=tags.get("settled") == "true",
            **{name: tags.get(name, "") for name in texts},
        )


def counting(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that count: each follows the last that counts, and is the first to do so.

    Parameters
    ----------
    entries : iterable of Entry
        All of a log, in any order.

    Returns
    -------
    list of Entry
        In the order of the log.

    Examples
    --------
    >>> def entry(number, after):
    ...     return Entry(number, after, "promote", "1", "", "ada", "")
    >>> [one.number for one in counting([entry(1, 0), entry(2, 1), entry(3, 1), entry(4, 2)])]
    [1, 2, 4]
    """
    kept, last = [], 0
    for entry in sorted(entries, key=lambda one: one.number):
        if entry.after == last:
            kept.append(entry)
            last = entry.number
    return kept


class Log:
    """The promotions of one registered model.

    Parameters
    ----------
    client : mlflow.MlflowClient
        Of the registry.
    name : str
        The registered model.
    """

    def __init__(self, client: Any, name: str) -> None:
        self.client = client
        self.model = name
        self.name = f"{name}_promotions"

    def entries(self) -> list[Entry]:
        """Return what counts, in order; empty where nothing was promoted yet."""
        found: list[Any] = []
        page: Any = None
        while page is None or page.token:
            quoted = self.name.replace("'", "''")
            token = None if page is None else page.token
            page = self.client.search_model_versions(f"name='{quoted}'", max_results=1000, page_token=token)
            found += page
        return counting(Entry.of(one) for one in found if f"{TAG}.after" in one.tags)

    def last(self) -> Entry | None:
        """Return the last entry that counts."""
        entries = self.entries()
        return entries[-1] if entries else None

    def settle(self) -> Entry | None:
        """Finish what a promoter began and did not end, and return the last entry.

        Aliases are moved only where the last entry is not marked as settled, so that one moved by hand stays.

        Returns
        -------
        Entry or None
            The last entry that counts.
        """
        last = self.last()
        if last is None or last.settled:
            return last
        while True:
            self.follow(last)
            newer = self.last()
            if newer is None or newer.number == last.number:
                return newer
            last = newer  # somebody went on meanwhile: our moves may have come after theirs

    def follow(self, entry: Entry) -> None:
        """Move the aliases to where an entry wants them; moving them twice does no harm."""
        moves = [(PREVIOUS, entry.previous), (CHAMPION, entry.champion)]  # a champion is there at every moment
        for alias, version in moves:
            if version:
                self._unless_missing(self.client.set_registered_model_alias, self.model, alias, version)
        marks = {"promoted_by": entry.by, "promoted_at": entry.at, "promoted_report": entry.report}
        if entry.action == "promote":
            for mark, value in marks.items():
                self._unless_missing(
                    self.client.set_model_version_tag, self.model, entry.champion, f"{TAG}.{mark}", value
                )
        self._unless_missing(self.client.set_model_version_tag, self.name, str(entry.number), f"{TAG}.settled", "true")

    def claim(self, last: Entry | None, **told: str) -> Entry | None:
        """Append an entry that follows the last one, and say whether it counts.

        Parameters
        ----------
        last : Entry, optional
            The last entry that counts, as this promoter knows it.
        **told : str
            Of `Entry`: action, champion, previous, by, at, report, report_run.

        Returns
        -------
        Entry or None
            The new entry; None where another one came first.
        """
        after, claim = (0 if last is None else last.number), uuid4().hex
        tags = {f"{TAG}.{name}": value for name, value in told.items()}
        tags |= {f"{TAG}.after": str(after), f"{TAG}.claim": claim}
        if last is None:
            self._open()
        number = self._append(f"models:/{self.model}/{told['champion']}", tags)
        first = next(one for one in self.entries() if one.after == after)
        if first.claim == claim:
            return first
        self._unless_missing(self.client.delete_model_version, self.name, number)
        return None

    def _open(self) -> None:
        """Make the model that holds the log, unless it is there."""
        from mlflow.exceptions import MlflowException

        said = f"Written by mlops_lab: each version is a promotion of {self.model}; do not edit."
        try:
            self.client.create_registered_model(self.name, tags={f"{TAG}.log_of": self.model}, description=said)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            if self.client.get_registered_model(self.name).tags.get(f"{TAG}.log_of") != self.model:
                raise RegistryError(
                    f"The registered model {self.name!r} is not ours, and the promotions of {self.model!r} are to be "
                    "kept under that name; rename it."
                ) from error

    def _append(self, source: str, tags: dict[str, str]) -> str:
        """Make one more version; the registry gives it the next number."""
        made = insisting(self.client.create_model_version, self.name, source, tags=tags, await_creation_for=0)
        return str(made.version)

    def _unless_missing(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Call, and go on where the version is no longer there: it cannot be champion, and the log must go on."""
        from mlflow.exceptions import MlflowException

        try:
            insisting(call, *arguments)
        except MlflowException as error:
            if error.error_code not in MISSING:
                raise


def insisting(call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call again where the database refused only since somebody else wrote the same row at the same time.

    MLflow looks whether a tag or alias is there and then inserts it; of two that do so at once, the second is refused,
    and finds the row when it tries again.

    Parameters
    ----------
    call : callable
        A method of the client; calling it twice must do no harm.
    *arguments, **named
        What it is called with.

    Returns
    -------
    object
        What it returns.
    """
    from mlflow.exceptions import MlflowException

    for _attempt in range(TRIES - 1):
        try:
            return call(*arguments, **named)
        except MlflowException as error:
            if not any(sign in str(error) for sign in AT_ONCE):
                raise
    return call(*arguments, **named)
