"""The states of checks as bytes, and back to the last bit, without pickle: reading a file never runs what it says.

A state is a frozen dataclass of numbers, arrays and tables that adds up. It is written as JSON with its arrays beside
it in NumPy's own format. A class is named by module and name, and is only looked up among the modules that the running
suite has loaded; nothing is imported, and nothing but such a dataclass is made.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Collection
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.evaluation.record import decode, decode_frame, encode, encode_frame

__all__ = ["dump_states", "load_states"]

OURS = "mlops_lab.evaluation."
SKELETON = "skeleton"
TAGS = ("$array", "$scalar", "$state", "$frame", "$tuple", "$list", "$dict", "$plain")


def dump_states(value: Any) -> bytes:
    """Write states, and what is around them, as bytes.

    Parameters
    ----------
    value : object
        Dataclasses, arrays, tables, numbers, texts, and lists, tuples and dicts of them.

    Returns
    -------
    bytes
        An ``npz`` archive.

    Raises
    ------
    TypeError
        Where something is of another kind.

    Examples
    --------
    >>> load_states(dump_states({"seen": 3, "sums": np.array([0.1, 0.2])}))
    {'seen': 3, 'sums': array([0.1, 0.2])}
    """
    arrays: dict[str, np.ndarray] = {}
    skeleton = json.dumps(to_plain(value, arrays), allow_nan=False).encode()
    buffer = io.BytesIO()
    np.savez(buffer, **{SKELETON: np.frombuffer(skeleton, dtype=np.uint8)}, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def to_plain(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Turn a value into what JSON holds, putting its arrays aside."""
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biufSUmM":
        name = f"a{len(arrays)}"
        arrays[name] = np.asarray(value)
        return {"$array" if isinstance(value, np.ndarray) else "$scalar": name}
    if is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        content = {one.name: to_plain(getattr(value, one.name), arrays) for one in fields(value)}
        return {"$state": [kind.__module__, kind.__qualname__, content]}
    if isinstance(value, pd.DataFrame):
        return {"$frame": [encode_frame(value), [str(dtype) for dtype in value.dtypes]]}
    if isinstance(value, (tuple, list)):
        return {"$tuple" if isinstance(value, tuple) else "$list": [to_plain(item, arrays) for item in value]}
    if isinstance(value, dict):
        return {"$dict": [[to_plain(key, arrays), to_plain(item, arrays)] for key, item in value.items()]}
    if value is None or isinstance(value, (bool, int, float, str, np.ndarray)):
        return {"$plain": encode(value)}
    raise TypeError(f"a {type(value).__name__} cannot be written down")


def load_states(content: bytes, modules: Collection[str] = ()) -> Any:
    """Read what `dump_states` wrote.

    Parameters
    ----------
    content : bytes
        From `dump_states`.
    modules : collection of str
        Modules beside this package whose dataclasses may be made, such as that of a user's own check; they must have
        been imported already.

    Returns
    -------
    object
        The same.

    Raises
    ------
    ValueError
        Where the bytes are none of `dump_states`, or name a class that is not allowed.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            skeleton = json.loads(archive[SKELETON].tobytes())
            return Reader(archive, modules).value(skeleton)
    except (KeyError, TypeError, AttributeError, OSError, EOFError, RecursionError, zipfile.BadZipFile) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


class Reader:
    """Builds the value that a skeleton describes.

    Parameters
    ----------
    archive : mapping of str to ndarray
        The arrays.
    modules : collection of str
        Whose dataclasses may be made.
    """

    def __init__(self, archive: Any, modules: Collection[str]) -> None:
        self.archive, self.modules = archive, modules

    def value(self, plain: Any) -> Any:
        """Build one value."""
        ((tag, content),) = plain.items()
        if tag not in TAGS:
            raise ValueError(f"the mark {tag!r} is unknown")
        return getattr(self, f"read_{tag[1:]}")(content)

    def read_array(self, name: str) -> np.ndarray:
        """Return an array."""
        return np.asarray(self.archive[name])

    def read_scalar(self, name: str) -> Any:
        """Return a number of an array's type."""
        return self.archive[name][()]

    def read_state(self, content: Any) -> Any:
        """Make a dataclass that adds up, of a module that is allowed and loaded."""
        module, name, values = content
        if not (module in self.modules or module.startswith(OURS)):
            raise ValueError(f"the class {module}.{name} belongs to no check of this suite")
        kind = getattr(sys.modules[module], name)
        if not (isinstance(kind, type) and is_dataclass(kind) and hasattr(kind, "__add__")):
            raise ValueError(f"{module}.{name} is no state of a check")
        return kind(**{key: self.value(value) for key, value in values.items()})

    def read_frame(self, content: Any) -> pd.DataFrame:
        """Make a table with the types that it had."""
        plain, kinds = content
        frame = decode_frame(plain)
        for place, (name, kind) in enumerate(zip(frame.columns, kinds, strict=True)):
            if str(frame.iloc[:, place].dtype) != kind:
                frame = frame.astype({name: kind})
        return frame

    def read_tuple(self, items: Any) -> tuple[Any, ...]:
        """Make a tuple."""
        return tuple(self.value(item) for item in items)

    def read_list(self, items: Any) -> list[Any]:
        """Make a list."""
        return [self.value(item) for item in items]

    def read_dict(self, pairs: Any) -> dict[Any, Any]:
        """Make a dict."""
        return {self.value(key): self.value(item) for key, item in pairs}

    def read_plain(self, content: Any) -> Any:
        """Return what JSON holds by itself, or an array of objects."""
        return decode(content)
