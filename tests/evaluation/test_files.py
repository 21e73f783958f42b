import os
import threading
from pathlib import Path

import pytest

from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.files import require_writable, write_text


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """As root, a file could take the place of /dev/null."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.append(pipe.read_text()))
    reader.start()
    assert require_writable(pipe) == pipe
    write_text(pipe, "the report")
    reader.join()
    assert said == ["the report"]
    assert pipe.is_fifo()


def test_a_device_stays_one() -> None:
    assert write_text("/dev/null", "the report").is_char_device()


@pytest.mark.parametrize("place", ["", "missing/report.html"])
def test_a_place_that_cannot_be_written_is_named(place: str, tmp_path: Path) -> None:
    for call in (require_writable, lambda path: write_text(path, "the report")):
        with pytest.raises(EvaluationError, match=r"cannot be written .*; choose another place"):
            call(tmp_path / place)
    assert not list(tmp_path.iterdir())
