"""Models in files: skops and ONNX, which run no code of their author, and pickles, which do."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal

from mlops_lab.errors import MissingExtraError, require, shorten
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.files import reason
from mlops_lab.evaluation.onnx_model import load_onnx

__all__ = ["load_model_file"]

COMPRESSED = (b"\x1f\x8b", b"BZ", b"\xfd7zXZ", b"x\x9c", b"x\x01", b"x^", b"x\xda", b"\x04\x22M\x18", b"\x5d\x00\x00")


def load_model_file(path: Path, *, trust_pickle: bool = False, trusted: Collection[str] = ()) -> Any:
    """Load a model from a file that skops, ONNX, pickle or joblib wrote.

    Parameters
    ----------
    path : Path
        The file.
    trust_pickle : bool, default False
        Open a pickle too.
    trusted : collection of str, default ()
        Types that a skops file may build beyond those that skops trusts by itself.

    Returns
    -------
    object
        The model.

    Raises
    ------
    EvaluationError
        Where the file cannot be read, is no model, or needs trust that was not given.
    MissingExtraError
        Where the library that opens it is not installed.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EvaluationError(f"The model {str(path)!r} cannot be read ({reason(error)}).") from error
    if not content:
        raise EvaluationError(f"{path.name!r} is empty; save the model anew.")
    kind = kind_of(content)
    if kind == "pickle" and not trust_pickle:
        raise EvaluationError(
            f"{path.name!r} is a pickle: opening it runs the code of whoever wrote it; pass trust_pickle=True where "
            "you know who that was, or save the model with skops or as ONNX."
        )
    try:
        if kind == "skops":
            return load_skops(content, path.name, trusted)
        return load_pickle(path) if kind == "pickle" else load_onnx(content)
    except (EvaluationError, MissingExtraError):
        raise
    except ModuleNotFoundError as error:
        raise EvaluationError(
            f"{path.name!r} needs {error.name!r}, which is not installed; install it first."
        ) from error
    except Exception as error:  # a damaged file, or a type that this version of its library does not know
        said = " ".join(str(error).split())[:200]
        raise EvaluationError(
            f"{path.name!r} cannot be opened as {kind} ({type(error).__name__}: {said}); it is damaged, no "
            "model, or was written with other versions."
        ) from error


def kind_of(content: bytes) -> Literal["skops", "pickle", "onnx"]:
    """Tell from its first bytes what a file is, without opening it.

    Examples
    --------
    >>> kind_of(pickle.dumps([1]))
    'pickle'
    """
    if zipfile.is_zipfile(io.BytesIO(content)):
        return "skops"
    plain = content[:1] in (b"(", b"]", b"}", b"c") and content.rstrip().endswith(b".")  # protocol 0 has no mark
    return "pickle" if content[:1] == pickle.PROTO or content.startswith(COMPRESSED) or plain else "onnx"


def load_skops(content: bytes, name: str, trusted: Collection[str]) -> Any:
    """Build a model from a skops file, or name the types that nobody said to trust."""
    skops = require("skops.io", extra="models")
    asked = skops.get_untrusted_types(data=content)
    unknown = [one for one in asked if one not in set(trusted)]
    if unknown:
        raise EvaluationError(
            f"{name!r} needs types that skops does not trust by itself: {shorten(unknown)}; pass those that you know "
            "as trusted=[…], and refuse the file where you know them not."
        )
    return skops.loads(content, trusted=asked)


def load_pickle(path: Path) -> Any:
    """Open a pickle, which joblib may have written."""
    import joblib  # comes with scikit-learn; reads plain pickles too

    return joblib.load(path)
