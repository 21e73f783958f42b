"""Where a model is kept, in one line of text: an MLflow address, ``module:name``, or a file."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Collection
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_lab.errors import nearest, shorten
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.mlflow_models import is_pyfunc, load_from_mlflow, wrap_pyfunc
from mlops_lab.evaluation.model_files import load_model_file

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["load_model", "opened"]

MLFLOW = re.compile(r"(models|runs|s3|gs|wasbs|abfss|dbfs|hdfs|https?|file|mlflow-artifacts):/")
IN_MODULE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def load_model(address: str | Path, *, trust_pickle: bool = False, trusted: Collection[str] = ()) -> Any:
    """Load a model from its address.

    Parameters
    ----------
    address : str or path
        ``models:/name@alias``, ``models:/name/version``, ``runs:/run/path`` or the folder of an MLflow model; or
        ``package.module:name`` of an estimator or a function in Python code that can be imported from here, where a
        function without parameters is called and returns the model; or a file written by skops, as ONNX, or by
        pickle or joblib. What a file is, its content says, not its name.
    trust_pickle : bool, default False
        Open a pickle or joblib file too. It runs the code of whoever wrote it: only for files of your own.
    trusted : collection of str, default ()
        Types that a skops file may build beyond those that skops trusts by itself.

    Returns
    -------
    object
        What `Suite.run` takes as model.

    Raises
    ------
    EvaluationError
        Where there is no such model, or it needs trust that was not given; the sentence names the nearest that exist.
    MissingExtraError
        Where the library that opens it is not installed.

    Examples
    --------
    >>> load_model("math:hypott")
    Traceback (most recent call last):
    mlops_lab.evaluation.errors.EvaluationError: The module 'math' has no 'hypott'; the nearest is 'hypot'.
    """
    text = str(address)
    path = Path(address).expanduser()
    if isinstance(address, str) and MLFLOW.match(text):
        return load_from_mlflow(text)
    if path.is_dir():
        if (path / "MLmodel").is_file():
            return load_from_mlflow(str(path))
        raise EvaluationError(
            f"The folder {text!r} holds no MLmodel file; give the folder of an MLflow model, or a file."
        )
    if path.is_file():
        return load_model_file(path, trust_pickle=trust_pickle, trusted=trusted)
    if isinstance(address, str) and IN_MODULE.fullmatch(text):
        return load_from_module(*text.split(":"))
    raise EvaluationError(missing_file(path))


def opened(model: Any) -> Any:
    """Return the model itself where its address was passed; an MLflow model with its probabilities.

    Parameters
    ----------
    model : object
        As for `Suite.run`.

    Returns
    -------
    object
        Estimator or function.
    """
    if isinstance(model, (str, Path)):
        model = load_model(model)
    return wrap_pyfunc(model) if is_pyfunc(model) else model


def missing_file(path: Path) -> str:
    """Say that a file is not there, and what comes nearest in its folder."""
    try:
        beside = [one.name for one in path.parent.iterdir()]
    except OSError:
        return f"There is no model at {str(path)!r}; its folder {str(path.parent)!r} is not there either."
    close = nearest(path.name, beside, count=1)
    hint = f"the nearest in its folder is {close[0]!r}" if close else "pass a file, models:/name@alias or module:name"
    return f"There is no model at {str(path)!r}; {hint}."


def load_from_module(module: str, name: str) -> Any:
    """Import a module from where Python runs, and take the model that it names."""
    with current_folder_first():
        try:
            found: Any = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or not (module == error.name or module.startswith(f"{error.name}.")):
                raise
            raise EvaluationError(
                f"There is no module {module!r}; run this in the folder that holds it, or install its package."
            ) from error
    for part in name.split("."):
        if not hasattr(found, part):
            known = [one for one in vars(found) if not one.startswith("_")] if hasattr(found, "__dict__") else []
            close = nearest(part, known, count=1)
            hint = f"the nearest is {close[0]!r}" if close else f"it has {shorten(known) or 'nothing'}"
            raise EvaluationError(f"The module {module!r} has no {name!r}; {hint}.")
        found = getattr(found, part)
    if isinstance(found, type):
        raise EvaluationError(f"{module}:{name} is a class; name a fitted model, or a function that returns one.")
    return found() if makes_a_model(found) else found


def makes_a_model(found: Any) -> bool:
    """Whether it is a function that is to be called for the model: one that takes nothing."""
    try:
        return inspect.isroutine(found) and not inspect.signature(found).parameters
    except ValueError:  # some functions written in C tell nothing of themselves
        return False


@contextmanager
def current_folder_first() -> Iterator[None]:
    """Let modules of the current folder be imported, as ``python -m`` does."""
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.remove(folder)
