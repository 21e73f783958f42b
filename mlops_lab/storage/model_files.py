"""Model files: save one model in four formats, look into a file without running it, load it only where that is safe.

A pickle runs its author's code when it is loaded. skops keeps the parameters apart from the code and names the types
that it would have to trust. ONNX holds the computation itself and needs neither scikit-learn nor Python's classes.
"""

from __future__ import annotations

import io
import json
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlops_lab.errors import require, shorten
from mlops_lab.storage.errors import StorageError, unknown, unreadable
from mlops_lab.storage.files import replacing
from mlops_lab.storage.inspection import Inspection, UntrustedFileError, inspect
from mlops_lab.storage.pickles import booby_trapped

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "MODEL_FORMATS",
    "Inspection",
    "OnnxModel",
    "UntrustedFileError",
    "compare",
    "inspect",
    "load",
    "packages",
    "save",
    "save_booby_trap",
]

MODEL_FORMATS = ("pickle", "joblib", "skops", "onnx")


def save(
    model: Any, path: str | os.PathLike[str], format: str = "skops", example: pd.DataFrame | ArrayLike | None = None
) -> Path:
    """Save a fitted scikit-learn model, whole or not at all.

    Parameters
    ----------
    model : estimator
        A fitted scikit-learn estimator.
    path : path
        Where to.
    format : {"skops", "onnx", "pickle", "joblib"}, default "skops"
        Kind of file; skops, since it keeps the whole estimator and can be loaded without running a stranger's code.
    example : array-like of shape (n_rows, n_features), optional
        One row or more of what the model was fitted on. ONNX needs it, for the number and the names of the columns.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    StorageError
        Where the format is not known, an example is missing, or the model has no ONNX counterpart.
    MissingExtraError
        Where the library of the format is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> path = save(model, Path(tempfile.mkdtemp()) / "model.skops")
    >>> inspect(path).safe
    True
    """
    if format not in MODEL_FORMATS:
        raise unknown("model format", format, list(MODEL_FORMATS))
    content = _onnx_bytes(model, example) if format == "onnx" else _object_bytes(model, format)
    with replacing(Path(path)) as unfinished:
        unfinished.write_bytes(content)
    return Path(path)


def _object_bytes(model: Any, format: str) -> bytes:
    if format == "pickle":
        return pickle.dumps(model)
    if format == "skops":
        return require("skops.io", extra="lab").dumps(model)
    file = io.BytesIO()
    require("joblib", extra="lab").dump(model, file)
    return file.getvalue()


def _onnx_bytes(model: Any, example: pd.DataFrame | ArrayLike | None) -> bytes:
    if example is None:
        raise StorageError("ONNX needs to know the columns: give one row of the training data as `example`.")
    from sklearn.base import is_classifier

    converter = require("skl2onnx", extra="lab")
    onnx = require("onnx", extra="lab")
    options = {"zipmap": False} if is_classifier(model) else None  # plain probabilities, not a list of dicts
    try:
        converted = converter.to_onnx(model, _matrix(example)[:1], options=options)
    except (ValueError, TypeError, RuntimeError, NotImplementedError) as error:
        reason = " ".join(str(error).split())[:80]
        raise StorageError(
            f"skl2onnx {version('skl2onnx')} with onnx {version('onnx')} cannot turn {type(model).__name__} into ONNX "
            f"({reason}…); save it with skops, or ship a model that has an ONNX counterpart, such as a random forest."
        ) from error
    columns = [str(name) for name in example.columns] if isinstance(example, pd.DataFrame) else []
    onnx.helper.set_model_props(converted, {"columns": json.dumps(columns)})
    return converted.SerializeToString()


def _matrix(X: pd.DataFrame | ArrayLike) -> NDArray[np.float32]:
    """Return the rows as 32-bit numbers, the type that ONNX models of scikit-learn compute with."""
    values = np.atleast_2d(np.asarray(X))
    if values.dtype.kind not in "biuf" and isinstance(X, pd.DataFrame):  # text, or numbers with gaps
        texts = [str(name) for name in X if not pd.api.types.is_numeric_dtype(X[name])]
        if texts:
            raise StorageError(f"Only numbers can be given to this ONNX model; {shorten(texts)} holds something else.")
    return values.astype(np.float32)


class OnnxModel:
    """A model that runs in onnxruntime, with the two methods that scikit-learn users expect.

    Parameters
    ----------
    content : bytes
        An ONNX file's content.
    """

    def __init__(self, content: bytes) -> None:
        runtime = require("onnxruntime", extra="lab")
        self.session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
        properties = self.session.get_modelmeta().custom_metadata_map
        self.columns: list[str] = json.loads(properties.get("columns", "[]"))

    def predict(self, X: pd.DataFrame | ArrayLike) -> NDArray[Any]:
        """Return the class, or the value, of each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows; the columns of a frame are found by name.

        Returns
        -------
        array of shape (n_rows,)
            Predictions.
        """
        return np.asarray(self._run(X)[0]).reshape(-1)

    def predict_proba(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.float32]:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows; the columns of a frame are found by name.

        Returns
        -------
        array of shape (n_rows, n_classes)
            Probabilities, between 0 and 1.
        """
        return np.asarray(self._run(X)[1])

    def _run(self, X: pd.DataFrame | ArrayLike) -> list[Any]:
        if isinstance(X, pd.DataFrame) and self.columns and self.columns != list(X.columns):
            missing = [name for name in self.columns if name not in X]
            if missing:
                raise StorageError(f"The model needs the columns {shorten(missing)}, which are not in the data.")
            X = X[self.columns]
        return self.session.run(None, {self.session.get_inputs()[0].name: _matrix(X)})


def load(path: str | os.PathLike[str], trust: bool | Collection[str] = False) -> Any:
    """Load a model, and refuse whatever nobody said to trust.

    Parameters
    ----------
    path : path
        A model file.
    trust : bool or collection of str, default False
        ``False`` loads only what runs no code of the file's author. ``True`` loads everything: for files of your own.
        For skops also the names of the types that may be built; for a pickle names would protect from nothing.

    Returns
    -------
    estimator or OnnxModel
        The model.

    Raises
    ------
    UntrustedFileError
        Where the file needs more trust than it was given.
    StorageError
        Where the file is missing, cut off, no model, or needs a package that is not installed.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "model.pkl"
    >>> _ = save({"weights": [1]}, path, format="pickle")
    >>> load(path)
    Traceback (most recent call last):
    mlops_lab.storage.inspection.UntrustedFileError: 'model.pkl' is a pickle: loading it runs the code of ...
    >>> load(path, trust=True)
    {'weights': [1]}
    """
    path = Path(path)
    seen = inspect(path)
    trusted = set(seen.imports) if trust is True else set() if trust is False else set(trust)
    if seen.format in ("pickle", "joblib") and trust is not True:
        raise UntrustedFileError(
            f"{seen.explain()} Use trust=True only where you know who wrote it, else ask for a skops or ONNX file."
        )
    if untrusted := [name for name in seen.imports if name not in trusted]:
        raise UntrustedFileError(
            f"{path.name!r} needs {shorten(untrusted)}: add to `trust` what you know, or refuse it."
        )
    try:
        return _LOADERS[seen.format](path.read_bytes(), sorted(trusted))
    except ImportError as error:
        raise StorageError(f"{path.name!r} needs {error.name!r}, which is not installed: install it first.") from error
    except Exception as error:  # a model's own code may raise anything while it is rebuilt
        raise unreadable(path, f"a {seen.format} model", error) from error


_LOADERS: dict[str, Any] = {
    "pickle": lambda content, trusted: pickle.loads(content),
    "joblib": lambda content, trusted: require("joblib", extra="lab").load(io.BytesIO(content)),
    "skops": lambda content, trusted: require("skops.io", extra="lab").loads(content, trusted=trusted),
    "onnx": lambda content, trusted: OnnxModel(content),
}


def save_booby_trap(model: Any, path: str | os.PathLike[str], marker: str | os.PathLike[str]) -> None:
    """Save a model as a stranger might: loading the file also creates an empty file, and nothing else shows.

    Parameters
    ----------
    model : object
        A model that can be pickled.
    path : path
        Where to.
    marker : path
        The empty file that loading creates: the proof that code ran.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> save_booby_trap({"weights": [1]}, folder / "gift.pkl", marker=folder / "was here")
    >>> load(folder / "gift.pkl", trust=True), (folder / "was here").exists()
    ({'weights': [1]}, True)
    """
    with replacing(Path(path)) as unfinished:
        unfinished.write_bytes(booby_trapped(model, Path(marker)))


_FRESH_PROCESS = """
import sys
before = set(sys.modules)
{load}
roots = {{name.split(".")[0] for name in set(sys.modules) - before}} - sys.stdlib_module_names
print(" ".join(sorted(root for root in roots if not root.startswith("_") and sys.modules[root].__spec__)))
"""
_FRESH_LOADS = {
    "pickle": "import pickle; pickle.load(open({path!r}, 'rb'))",
    "joblib": "import joblib; joblib.load({path!r})",
    "skops": "import skops.io; skops.io.load({path!r}, trusted={trusted!r})",
    "onnx": "import onnxruntime; onnxruntime.InferenceSession({path!r}, providers=['CPUExecutionProvider'])",
}


def packages(path: str | os.PathLike[str], trust: bool | Collection[str] = False) -> list[str]:
    """Load a model in a fresh Python and list the packages that this needed: what the other machine must have.

    Parameters
    ----------
    path : path
        A model file.
    trust : bool or collection of str, default False
        As in `load`.

    Returns
    -------
    list of str
        Names of packages outside the standard library, sorted.

    Raises
    ------
    UntrustedFileError
        Where the file needs more trust than it was given.
    StorageError
        Where the file cannot be loaded.
    """
    path = Path(path).resolve()
    load(path, trust)  # refuses here, in plain words, what must not run there
    seen = inspect(path)
    command = _FRESH_LOADS[seen.format].format(path=str(path), trusted=list(seen.imports))
    done = subprocess.run(
        [sys.executable, "-c", _FRESH_PROCESS.format(load=command)], capture_output=True, text=True, timeout=120
    )
    if done.returncode:
        raise StorageError(f"{path.name!r} cannot be loaded in a fresh Python: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout.split()


def compare(
    model: Any, X: pd.DataFrame | ArrayLike, formats: Collection[str] = MODEL_FORMATS, repeats: int = 15
) -> pd.DataFrame:
    """Save one model in several formats and measure what each costs, as ratios to pickle.

    Parameters
    ----------
    model : estimator
        A fitted classifier with ``predict_proba``.
    X : array-like of shape (n_rows, n_features)
        Rows to predict; the first one alone is timed.
    formats : collection of str, default all four
        Formats to compare. Pickle is always measured, since the others are told in its terms.
    repeats : int, default 15
        How often each is measured, in turns, so that a busy moment of the machine hits all of them; the median counts.

    Returns
    -------
    pandas.DataFrame
        One row for each format: ``bytes``; ``load`` and ``one_row``, the times to load the file and to predict one row,
        as multiples of pickle's; ``difference``, the largest difference of a probability from the model's own;
        ``runs_code``, whether loading can run the author's code; ``must_trust``, the types that skops asks about.

    Raises
    ------
    StorageError
        Where a format is not known, or the model has no counterpart in it.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> table = compare(model, [[0.0], [1.0]], formats=["onnx"], repeats=3)
    >>> table.index.to_list(), bool(table.loc["onnx", "difference"] < 1e-6)
    (['pickle', 'onnx'], True)
    """
    names = list(dict.fromkeys(["pickle", *formats]))
    expected = np.asarray(model.predict_proba(X))
    one = X.iloc[:1] if isinstance(X, pd.DataFrame) else np.asarray(X)[:1]
    with TemporaryDirectory(prefix="mlops-lab-") as folder:
        paths = {name: save(model, Path(folder) / f"model.{name}", name, example=one) for name in names}
        found = {name: inspect(path) for name, path in paths.items()}
        contents = {name: path.read_bytes() for name, path in paths.items()}
    loaders = {name: partial(_LOADERS[name], contents[name], list(found[name].imports)) for name in names}
    models = {name: loader() for name, loader in loaders.items()}
    loading = _seconds(loaders, repeats)
    predicting = _seconds({name: partial(models[name].predict_proba, one) for name in names}, repeats, calls=5)
    return pd.DataFrame(
        {
            "bytes": [found[name].size for name in names],
            "load": [loading[name] / loading["pickle"] for name in names],
            "one_row": [predicting[name] / predicting["pickle"] for name in names],
            "difference": [float(np.abs(models[name].predict_proba(X) - expected).max()) for name in names],
            "runs_code": [name in ("pickle", "joblib") for name in names],
            "must_trust": [found[name].imports if name == "skops" else () for name in names],
        },
        index=pd.Index(names, name="format"),
    )


def _seconds(tasks: Mapping[str, Callable[[], Any]], repeats: int, calls: int = 1) -> dict[str, float]:
    """Time each task several times, in turns, and return the medians; short tasks are called several times at once."""
    measured: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            start = time.perf_counter()
            for _call in range(calls):
                task()
            measured[name].append((time.perf_counter() - start) / calls)
    return {name: float(np.median(seconds)) for name, seconds in measured.items()}
