import http.server
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mlops_lab import evaluation as ev
from mlops_lab.evaluation import mlflow_stores
from mlops_lab.evaluation.mlflow_stores import check_reachable, refusal

ADDRESSES = ["models:/income@champion", "runs:/0123456789abcdef0123456789abcdef/model"]


@contextmanager
def listening() -> Iterator[int]:
    """Take connections on a free port, and never say a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        yield silent.getsockname()[1]


@contextmanager
def answering(status: int, body: str) -> Iterator[str]:
    """Answer everything but the question for a sign of life in the same way."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path.endswith("/health") else status)
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET

        def log_message(self, *words: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://ada:secret@127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow_stores, "ANSWER_WITHIN", 0.2)


@pytest.mark.slow
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_server_that_takes_the_call_and_stays_silent(
    address: str, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening() as port:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
        with pytest.raises(ev.EvaluationError, match=r"does not answer \(timed out\); start it, or set MLFLOW"):
            ev.load_model(address)


@pytest.mark.slow
@pytest.mark.parametrize("silent", [True, False])
def test_a_database_that_does_not_answer(silent: bool, impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow would try it eleven times, and wait twice as long from each to the next."""
    with listening() as port:
        store = f"postgresql+psycopg2://ada:secret@127.0.0.1:{port if silent else 9}/mlflow"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
        with pytest.raises(ev.EvaluationError, match=r"database .* cannot be opened \(.*\); start it") as caught:
            ev.load_model(ADDRESSES[0])
    assert ("timeout expired" if silent else "Connection refused") in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_database_whose_driver_is_not_installed() -> None:
    with pytest.raises(ev.EvaluationError, match=r"store 'mssql\+pyodbc://db/mlflow' needs 'pyodbc'.*; install it"):
        check_reachable("mssql+pyodbc://ada:secret@db/mlflow")


@pytest.mark.slow
@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (401, "no", r"lets nobody in without a name \(401\); set MLFLOW_TRACKING_USERNAME"),
        (403, "no", r"does not let you in \(403\); ask whoever keeps it"),
        (404, "no", r"is no MLflow server \(404\); set MLFLOW_TRACKING_URI"),
        (200, "<html>", r"is no MLflow server \(no JSON\); set MLFLOW_TRACKING_URI"),
        (500, "boom", r"is out of order \(it answers 500\); look into its log"),
    ],
)
def test_a_server_that_turns_us_away(
    address: str, status: int, body: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with answering(status, body) as store:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
        with pytest.raises(ev.EvaluationError, match=sentence) as caught:
            ev.load_model(address)
    assert "secret" not in str(caught.value)


def test_user_and_password_in_an_address_are_no_part_of_the_name_of_the_host() -> None:
    with answering(200, "OK") as store:
        check_reachable(store)


@pytest.mark.slow
def test_a_folder_that_mlflow_does_not_open_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mlruns").mkdir()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(tmp_path / "mlruns"))
    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE", raising=False)
    with pytest.raises(ev.EvaluationError, match="opens only with MLFLOW_ALLOW_FILE_STORE=true; set that, or move it"):
        ev.load_model(ADDRESSES[0])


def test_other_words_of_mlflow_tell_nothing_of_the_store() -> None:
    assert refusal("http://example.org", "RESOURCE_DOES_NOT_EXIST: Registered Model with name=income not found") is None
    assert refusal("sqlite:///mlflow.db", "failed with error code 404") is None


@pytest.mark.slow
def test_a_server_is_asked_before_mlflow_is_imported() -> None:
    """Importing MLflow takes longer than to find out that nobody answers."""
    program = (
        "import sys\n"
        "from mlops_lab import evaluation as ev\n"
        "try:\n"
        f"    ev.load_model({ADDRESSES[0]!r})\n"
        "except ev.EvaluationError as error:\n"
        "    print(error, 'mlflow' in sys.modules)\n"
    )
    address = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=os.environ | address)
    assert "does not answer" in done.stdout
    assert done.stdout.endswith("False\n")
