"""A process that promotes on demand, a JSON line an order; an order with `moves` is killed before one move more."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

import mlflow

from mlops_lab.platform import PromotionLost, registry


def promote(address: str, **order: Any) -> str:
    """Promote, and say how it ended."""
    mlflow.set_tracking_uri(address)
    mlflow.set_registry_uri(address)
    try:
        registry.promote(**order)
    except PromotionLost:
        return "lost"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "won"


def killed_after(moves: int, order: dict[str, Any]) -> str:
    """Promote in a copy of this process, which is killed where it would move one alias more, as by a power cut."""
    copy = os.fork()
    if copy == 0:
        move, done = mlflow.MlflowClient.set_registered_model_alias, []

        def last_words(self: Any, name: str, alias: str, version: str) -> None:
            if len(done) == moves:
                os.kill(os.getpid(), signal.SIGKILL)
            move(self, name, alias, version)
            done.append(alias)

        mlflow.MlflowClient.set_registered_model_alias = last_words
        print(promote(**order), file=sys.stderr)
        os._exit(0)
    status = os.waitpid(copy, 0)[1]
    return "killed" if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL else "survived"


def main() -> None:
    """Take orders until the other end is closed."""
    print("ready", flush=True)
    for line in sys.stdin:
        told = json.loads(line)
        moves = told.pop("moves", None)
        print(promote(**told) if moves is None else killed_after(moves, told), flush=True)


if __name__ == "__main__":
    main()
