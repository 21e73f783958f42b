"""Where MLflow keeps its models: whether it answers, and one sentence where it does not.

MLflow itself tries a server for minutes, and a database for as long.
"""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from mlops_lab.errors import require
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.masking import mask

__all__ = ["check_reachable", "refusal", "shown"]

ANSWER_WITHIN = 4.0  # seconds; with the start of the command line it stays below ten
REMEDY = "set MLFLOW_TRACKING_URI to the store that holds the model"
DATABASE = re.compile(r"(postgresql|postgres|mysql|mssql)(\+\w+)?://")
WITHOUT_SCHEME = re.compile(r"[\w.-]+:\d+(/.*)?")
TIMEOUTS = {  # what each driver of a database calls the seconds to wait for a connection
    **dict.fromkeys(["psycopg", "psycopg2", "pymysql", "mysqldb", "mysqlconnector"], "connect_timeout"),
    **dict.fromkeys(["pg8000", "pyodbc"], "timeout"),
    "pymssql": "login_timeout",
}
STATUS = re.compile(r"error code (\d{3})|too many (\d{3}) error responses|not in a valid JSON format")


def check_reachable(store: str) -> None:
    """Refuse at once a store that does not answer, and a database file that is not there and would be made.

    Parameters
    ----------
    store : str
        Address of an MLflow tracking server or registry.

    Raises
    ------
    EvaluationError
        Within seconds, with what to do.

    Examples
    --------
    >>> check_reachable("localhost:5000")
    Traceback (most recent call last):
    mlops_lab.evaluation.errors.EvaluationError: MLflow's store 'localhost:5000' is no full address; set
    MLFLOW_TRACKING_URI to http://localhost:5000 where a server answers there.
    """
    if store.startswith("sqlite:///"):
        path = store.removeprefix("sqlite:///").split("?")[0]
        if path != ":memory:" and not Path(path).is_file():
            raise EvaluationError(f"MLflow's store {store!r} is not there; {REMEDY}.")
    elif store.startswith(("http://", "https://")):
        ask_server(store)
    elif DATABASE.match(store):
        ask_database(store)
    elif WITHOUT_SCHEME.fullmatch(store):
        raise EvaluationError(
            f"MLflow's store {store!r} is no full address; set MLFLOW_TRACKING_URI to http://{store} where a server "
            "answers there."
        )


def ask_server(store: str) -> None:
    """Ask a server for a sign of life."""
    address = shown(store)  # user and password in it are for MLflow; urllib would take them for a part of the name
    try:
        urllib.request.urlopen(f"{address.rstrip('/')}/health", timeout=ANSWER_WITHIN).close()
    except urllib.error.HTTPError:
        return  # it answers; whether it lets us in, MLflow will say
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", error)
        raise EvaluationError(
            f"The MLflow server {address!r} does not answer ({why}); start it, or {REMEDY}."
        ) from error


def ask_database(store: str) -> None:
    """Open one connection to a database, and close it again."""
    sqlalchemy: Any = require("sqlalchemy", extra="mlflow")
    try:
        driver = sqlalchemy.make_url(store).get_dialect()().driver
        wait = {TIMEOUTS[driver]: max(1, round(ANSWER_WITHIN))} if driver in TIMEOUTS else {}
        engine = sqlalchemy.create_engine(store, connect_args=wait)
        engine.connect().close()
        engine.dispose()
    except ImportError as error:
        raise EvaluationError(
            f"MLflow's store {shown(store)!r} needs {error.name!r}, which is not installed; install it first."
        ) from error
    except Exception as error:  # each driver has errors of its own
        why = " ".join(str(getattr(error, "orig", None) or error).split())
        raise EvaluationError(
            f"MLflow's database {shown(store)!r} cannot be opened ({mask(why)[:200]}); start it, or {REMEDY}."
        ) from error


def refusal(store: str, said: str) -> str | None:
    """Say in one sentence why MLflow was turned away.

    Parameters
    ----------
    store : str
        Address of the tracking server or registry.
    said : str
        MLflow's own words.

    Returns
    -------
    str or None
        None where the words do not tell of the store.

    Examples
    --------
    >>> refusal("http://ada:secret@example.org", "… failed with error code 401 != 200")
    "The MLflow server 'http://example.org' lets nobody in without a name (401); set MLFLOW_TRACKING_USERNAME and
    MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN."
    """
    if "MLFLOW_ALLOW_FILE_STORE" in said:
        return (
            f"MLflow's store {store!r} is a folder, which this version of MLflow opens only with "
            "MLFLOW_ALLOW_FILE_STORE=true; set that, or move it into a database with mlflow migrate-filestore."
        )
    if not store.startswith("http") or not (found := STATUS.search(said)):
        return None
    status = found[1] or found[2]
    if status == "401":
        why = "lets nobody in without a name (401); set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or "
        return f"The MLflow server {shown(store)!r} {why}MLFLOW_TRACKING_TOKEN."
    if status == "403":
        return f"The MLflow server {shown(store)!r} does not let you in (403); ask whoever keeps it for the right to."
    if status is None or status in ("404", "405"):
        return f"What answers at {shown(store)!r} is no MLflow server ({status or 'no JSON'}); {REMEDY}."
    return f"The MLflow server {shown(store)!r} is out of order (it answers {status}); look into its log."


def shown(store: str) -> str:
    """Return the address of a store without user and password.

    Parameters
    ----------
    store : str
        The address.

    Returns
    -------
    str
        The same without them.

    Examples
    --------
    >>> shown("http://ada:secret@example.org/mlflow")
    'http://example.org/mlflow'
    """
    return re.sub(r"//[^/@]*@", "//", store)
