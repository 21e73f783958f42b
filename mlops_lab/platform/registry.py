"""The gate of a registry: the champion's alias moves only for a passing report of that very version.

>>> from mlops_lab import evaluation as ev
>>> from mlops_lab.platform import registry
>>> report = ev.Suite.from_yaml("suite.yaml").run("models:/income/3", X, y)    # doctest: +SKIP
>>> registry.promote("income", 3, report)                                    # doctest: +SKIP
income: version 3 is champion, version 1 previous_champion (promote by ada, 2026-01-31T12:00:00+00:00)

What holds when several promote at once, and what cannot be promised, is written in ``docs/mlflow.md``.
"""

from __future__ import annotations

import getpass
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from mlops_lab.errors import MlopsLabError, require
from mlops_lab.evaluation import EvaluationError, Report
from mlops_lab.evaluation.mlflow_models import not_registered, quietly
from mlops_lab.evaluation.mlflow_report import TAG, log_report, report_digest
from mlops_lab.evaluation.mlflow_stores import check_reachable, refusal, shown
from mlops_lab.platform.errors import PromotionLost, PromotionRefused, RegistryError
from mlops_lab.platform.promotions import CHAMPION, PREVIOUS, Entry, Log
from mlops_lab.platform.proof import check_report

__all__ = ["Promotion", "history", "promote", "repair", "rollback"]


@dataclass(frozen=True)
class Promotion:
    """What a promotion or a rollback has moved.

    Parameters
    ----------
    name : str
        The registered model.
    version : str
        Version that is champion.
    previous : str or None
        Version that was champion until then.
    action : {"promote", "rollback"}
        What was done.
    by : str
        Who did it.
    at : str
        When, in UTC.
    report_run : str or None
        Run that holds the report; None for a rollback.
    """

    name: str
    version: str
    previous: str | None
    action: str
    by: str
    at: str
    report_run: str | None = None

    @classmethod
    def of(cls, name: str, entry: Entry) -> Promotion:
        """Make it from an entry of the log.

        Parameters
        ----------
        name : str
            The registered model.
        entry : Entry
            Of its log.

        Returns
        -------
        Promotion
            The same, in the caller's words.
        """
        return cls(
            name,
            entry.champion,
            entry.previous or None,
            entry.action,
            entry.by,
            entry.at,
            entry.report_run or None,
        )

    def __repr__(self) -> str:
        kept = f", version {self.previous} {PREVIOUS}" if self.previous else ""
        return f"{self.name}: version {self.version} is {CHAMPION}{kept} ({self.action} by {self.by}, {self.at})"


def promote(
    name: str,
    version: int | str,
    report: Report | str | Path,
    *,
    data: pd.DataFrame | None = None,
    replaces: int | str | None = None,
    by: str | None = None,
) -> Promotion:
    """Make a version the champion of its registered model, if a report lets it through.

    The report must pass, be about this very version, be whole, and have been made after the version. The champion until
    then becomes ``previous_champion``. Of two calls at once that want to replace the same champion exactly one wins.
    A promotion that was cut off half-way is finished first.

    Parameters
    ----------
    name : str
        The registered model.
    version : int or str
        Number of the version, or one of its aliases.
    report : Report or path
        Of `Suite.run`, or the JSON file that it was written to.
    data : DataFrame, optional
        The rows that the report was made on, needed only where it was made on a model in memory rather than on
        ``models:/…``: the registered model is asked for the first of them and must give the same answers.
    replaces : int or str, optional
        The champion that this version was compared with; where another one is champion by now, nothing is moved.
    by : str, optional
        Who promotes; by default the name of the user.

    Returns
    -------
    Promotion
        What was moved. Where the version is champion already, the promotion that made it so.

    Raises
    ------
    PromotionRefused
        Where the report does not let it through, or another promotion came first (`PromotionLost`).
    RegistryError
        Where there is no such model or version, or the registry does not answer.
    MissingExtraError
        Where MLflow is not installed.
    """
    report = report if isinstance(report, Report) else Report.from_json(report)
    with registry() as client:
        candidate = find_version(client, name, version)
        number = str(candidate.version)
        check_report(report, candidate, data)
        log = Log(client, name)
        last = log.settle()
        champion = alias(client, name, CHAMPION)
        if champion == number:
            return already(name, number, last)
        if replaces is not None and champion != str(replaces):
            raise PromotionLost(
                f"Version {number} of {name!r} was to replace version {replaces}, and the champion is "
                f"{f'version {champion}' if champion else 'none'} by now; compare with that one and promote again."
            )
        run = logged(candidate, report)
        told = {"champion": number, "previous": champion or "", "report": report_digest(report), "report_run": run}
        return move(log, last, "promote", by, told)


def rollback(name: str, *, by: str | None = None) -> Promotion:
    """Give the alias back to the previous champion; the two change places, so a second call undoes the first.

    Parameters
    ----------
    name : str
        The registered model.
    by : str, optional
        Who does it; by default the name of the user.

    Returns
    -------
    Promotion
        What was moved.

    Raises
    ------
    PromotionRefused
        Where there is no previous champion.
    PromotionLost
        Where a promotion came first.
    RegistryError
        Where there is no such model, or the registry does not answer.
    """
    with registry() as client:
        find_model(client, name)
        log = Log(client, name)
        last = log.settle()
        champion, previous = alias(client, name, CHAMPION), alias(client, name, PREVIOUS)
        if not previous or not champion or previous == champion:
            raise PromotionRefused(
                f"{name!r} has no previous champion to go back to; set the alias by hand, or promote another version."
            )
        return move(log, last, "rollback", by, {"champion": previous, "previous": champion})


def repair(name: str) -> Promotion | None:
    """Finish a promotion that was cut off between its two moves; `promote` and `rollback` do so by themselves.

    Parameters
    ----------
    name : str
        The registered model.

    Returns
    -------
    Promotion or None
        The last one; None where nothing was promoted yet.

    Raises
    ------
    RegistryError
        Where there is no such model, or the registry does not answer.
    """
    with registry() as client:
        find_model(client, name)
        last = Log(client, name).settle()
        return None if last is None else Promotion.of(name, last)


def history(name: str) -> pd.DataFrame:
    """Return who moved the champion, when, and by which report.

    Parameters
    ----------
    name : str
        The registered model.

    Returns
    -------
    DataFrame
        One row a promotion or rollback, the oldest first: champion, previous, action, by, at, report, report_run,
        settled.

    Raises
    ------
    RegistryError
        Where there is no such model, or the registry does not answer.
    """
    with registry() as client:
        find_model(client, name)
        entries = Log(client, name).entries()
    shown_columns = [one.name for one in fields(Entry) if one.name not in ("number", "after", "claim")]
    rows = [{column: getattr(entry, column) for column in shown_columns} for entry in entries]
    numbers = pd.Index([entry.number for entry in entries], name="number")
    return pd.DataFrame(rows, columns=shown_columns, index=numbers)


@contextmanager
def registry() -> Iterator[Any]:
    """Open the registry: quiet, and given up within seconds where it does not answer."""
    with quietly():
        mlflow = require("mlflow", extra="mlflow")
        store = mlflow.get_registry_uri()
        try:
            for one in {store, mlflow.get_tracking_uri()}:
                check_reachable(one)
            yield mlflow.MlflowClient()
        except EvaluationError as error:
            raise RegistryError(str(error)) from error
        except mlflow.exceptions.MlflowException as error:
            said = textwrap.shorten(str(error), 300, placeholder=" …")
            refused = refusal(store, str(error))
            raise RegistryError(
                refused or f"The registry {shown(store)} refused ({said}); nothing more was moved."
            ) from error


def find_model(client: Any, name: str) -> Any:
    """Return a registered model, or name the nearest."""
    from mlflow.exceptions import MlflowException

    try:
        return client.get_registered_model(name)
    except MlflowException as error:
        sentence = not_registered(client, shown(client._registry_uri), name, None, None)
        raise RegistryError(sentence or str(error)) from error


def find_version(client: Any, name: str, version: int | str) -> Any:
    """Return a version by its number or alias, or name the nearest."""
    from mlflow.exceptions import MlflowException

    text = str(version).removeprefix("@")
    number = text if text.isdigit() else alias(client, name, text)
    try:
        return client.get_model_version(name, number or text)
    except MlflowException as error:
        found = (None, text) if text.isdigit() else (text, None)
        sentence = not_registered(client, shown(client._registry_uri), name, *found)
        raise RegistryError(sentence or str(error)) from error


def alias(client: Any, name: str, wanted: str) -> str | None:
    """Return the version that an alias points to."""
    found = find_model(client, name).aliases.get(wanted)
    return None if found is None else str(found)


def already(name: str, number: str, last: Entry | None) -> Promotion:
    """Return the promotion that made a version champion; asking twice moves nothing."""
    if last is not None and last.champion == number:
        return Promotion.of(name, last)
    return Promotion(name, number, None, "promote", "", "")  # made champion by hand


def logged(version: Any, report: Report) -> str:
    """Return the run that holds the report, and log it where none does."""
    known: str | None = version.tags.get(f"{TAG}.report_run")
    if known is None or version.tags.get(f"{TAG}.report") != report_digest(report):
        return log_report(report, version=version)
    return known


def move(log: Log, last: Entry | None, action: str, by: str | None, told: dict[str, str]) -> Promotion:
    """Claim the next place in the log, then let the aliases follow."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    told = told | {"action": action, "by": by or user(), "at": at}
    entry = log.claim(last, **told)
    if entry is None:
        first = log.settle()
        assert first is not None
        raise PromotionLost(
            f"Version {told['champion']} of {log.model!r} did not become champion: {first.by} made version "
            f"{first.champion} champion at the same time; compare with that one and promote again."
        )
    try:
        log.settle()
    except MlopsLabError:
        raise
    except Exception as error:  # whatever the connection raises
        said = " ".join(str(error).split())[:200]
        raise RegistryError(
            f"Version {entry.champion} of {log.model!r} won, and its aliases could not be moved ({said}); "
            f"registry.repair({log.model!r}) finishes it, as does the next promotion."
        ) from error
    return Promotion.of(log.model, entry)


def user() -> str:
    """Return the name of the user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container whose user has no name
        return "unknown"
