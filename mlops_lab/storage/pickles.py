"""What is inside a pickle, told without running it; and a harmless proof that running it is a risk.

A pickle is a program for a small stack machine, and one of its instructions calls any function of any module that it
names. So loading a pickle runs whatever its author wrote. `pickletools` of the standard library only lists the
instructions.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import pickletools
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_lab.errors import InputError

__all__ = ["Scan", "booby_trapped", "decompressed", "scan"]

# Enough to see the imports of any model; a small file that unfolds to more than this is not unfolded further.
LARGEST = 256 * 2**20
_JOBLIB_ARRAY = "joblib.numpy_pickle.NumpyArrayWrapper"
_SILENT = {"PROTO", "FRAME", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"}
_EXTENSIONS = {"EXT1", "EXT2", "EXT4"}


@dataclass(frozen=True, slots=True)
class Scan:
    """The names that a pickle would import.

    Attributes
    ----------
    imports : tuple of str
        Module and name, as in ``"builtins.exec"``, in the order of the file, each once.
    complete : bool
        False where a name is computed, hidden in a registry, or behind raw numbers that joblib writes between the
        instructions.
    joblib : bool
        Whether joblib wrote it.
    """

    imports: tuple[str, ...]
    complete: bool
    joblib: bool


def scan(data: bytes) -> Scan:
    r"""List what a pickle would import, without importing or calling any of it.

    Parameters
    ----------
    data : bytes
        The file's content, not compressed.

    Returns
    -------
    Scan
        What was found.

    Raises
    ------
    InputError
        Where the bytes are no pickle, or one that is cut off.

    Examples
    --------
    >>> scan(pickle.dumps(print)).imports
    ('builtins.print',)
    >>> scan(b"cos\nsystem\n.").imports
    ('os.system',)
    """
    found: dict[str, None] = {}
    memory: dict[int, str | None] = {}
    pushed: list[str | None] = [None, None]  # the last strings; None stands for anything else, so nothing is guessed
    complete = True
    try:
        for code, argument, _ in _instructions(data):
            if code.name in ("GLOBAL", "INST"):
                found[str(argument).replace(" ", ".")] = None
            elif code.name == "STACK_GLOBAL":
                module, name = pushed[-2:]
                complete &= module is not None and name is not None
                found[f"{module or '?'}.{name or '?'}"] = None
            complete &= code.name not in _EXTENSIONS
            _remember(code.name, argument, pushed, memory)
    except (ValueError, IndexError) as error:
        if _JOBLIB_ARRAY not in found:  # the numbers of an array follow as they are, and are no instructions
            raise InputError(f"This is no pickle, or one that is cut off: {error}.") from error
        complete = False
    return Scan(tuple(found), complete, joblib=_JOBLIB_ARRAY in found)


def _instructions(data: bytes) -> Iterator[tuple[pickletools.OpcodeInfo, Any, int | None]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # text that is no pickle may hold escapes that Python frowns upon
        yield from pickletools.genops(data)


def _remember(code: str, argument: Any, pushed: list[str | None], memory: dict[int, str | None]) -> None:
    """Follow the machine's memory as far as strings go, since names are taken from there."""
    if code == "MEMOIZE":
        memory[len(memory)] = pushed[-1]
    elif code.endswith("PUT"):
        memory[int(argument)] = pushed[-1]
    elif code.endswith("GET"):
        pushed.append(memory.get(int(argument)))
    elif code not in _SILENT:
        text = isinstance(argument, str) and ("UNICODE" in code or "STRING" in code)
        pushed.append(argument if text else None)
    del pushed[:-2]


def decompressed(data: bytes) -> bytes:
    """Undo the compression that joblib offers, told by the first bytes; others are returned as they are.

    Parameters
    ----------
    data : bytes
        A file's content.

    Returns
    -------
    bytes
        At most 256 MiB of what was compressed.

    Raises
    ------
    InputError
        Where the compressed content is damaged.

    Examples
    --------
    >>> decompressed(zlib.compress(b"model"))
    b'model'
    """
    file = io.BytesIO(data)
    try:
        if data[:1] == b"\x78":
            return zlib.decompressobj().decompress(data, LARGEST)
        if data[:2] == b"\x1f\x8b":
            return gzip.GzipFile(fileobj=file).read(LARGEST)
        if data[:3] == b"BZh":
            return bz2.BZ2File(file).read(LARGEST)
        if data[:6] == b"\xfd7zXZ\x00" or data[:3] == b"\x5d\x00\x00":
            return lzma.LZMAFile(file).read(LARGEST)
    except (zlib.error, lzma.LZMAError, OSError, EOFError) as error:
        raise InputError(f"The compressed content is damaged: {error}.") from error
    return data


def booby_trapped(model: Any, marker: Path) -> bytes:
    """Pickle a model with one instruction too many: loading it also creates an empty file.

    The model that comes out works as if nothing had happened. Here the added code creates an empty file and nothing
    else; in a stranger's file it could read your keys.

    Parameters
    ----------
    model : object
        Anything that can be pickled.
    marker : pathlib.Path
        The empty file to create on loading.

    Returns
    -------
    bytes
        The pickle.

    Examples
    --------
    >>> import tempfile
    >>> marker = Path(tempfile.mkdtemp()) / "was here"
    >>> data = booby_trapped({"weights": [1, 2]}, marker)
    >>> scan(data).imports, marker.exists()
    (('builtins.exec',), False)
    >>> pickle.loads(data), marker.exists()
    ({'weights': [1, 2]}, True)
    """
    code = f"import pathlib; pathlib.Path({str(marker.resolve())!r}).touch()"
    # The instructions: import exec, push the text, call, throw the result away, and go on with the honest pickle.
    added = b"cbuiltins\nexec\n" + b"(" + pickle.UNICODE + code.encode("raw_unicode_escape") + b"\n" + b"tR0"
    return pickle.PROTO + b"\x04" + added + pickle.dumps(model, protocol=4)
