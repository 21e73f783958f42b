"""A look into a model file: what it is, and what loading it would need, told without running any of it."""

from __future__ import annotations

import io
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_lab.errors import InputError, require, shorten
from mlops_lab.i18n import gettext as _
from mlops_lab.storage.errors import StorageError, unreadable
from mlops_lab.storage.pickles import decompressed, scan

if TYPE_CHECKING:
    import os

__all__ = ["Inspection", "UntrustedFileError", "inspect"]

# What a scikit-learn model has reason to import. That makes none of it harmless: these packages can run text as code.
FAMILIAR = frozenset({"collections", "copyreg", "joblib", "numpy", "pandas", "scipy", "sklearn"})


class UntrustedFileError(StorageError):
    """A model file would run code, or build types, that nobody said to trust."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a look into a model file found, without running any of it.

    Attributes
    ----------
    name : str
        The file's name.
    format : {"pickle", "joblib", "skops", "onnx"}
        Kind of file, told by its content and not by its name.
    size : int
        Bytes.
    imports : tuple of str
        For a pickle every name that loading would import, and may call; for skops the types that it does not trust by
        itself; for ONNX none.
    complete : bool
        Whether that list is whole. It ends early where raw numbers interrupt a joblib file, or where a name is hidden.
    """

    name: str
    format: str
    size: int
    imports: tuple[str, ...]
    complete: bool = True

    @property
    def unfamiliar(self) -> tuple[str, ...]:
        """Imports that a scikit-learn model has no reason for."""
        return tuple(name for name in self.imports if name.split(".")[0] not in FAMILIAR)

    @property
    def safe(self) -> bool:
        """Whether loading runs nothing but the loader.

        Never true of a pickle, whatever it imports: a list that looks harmless is no proof.
        """
        return self.format == "onnx" or (self.format == "skops" and not self.imports)

    def explain(self) -> str:
        """Say in plain words what loading the file would do.

        Returns
        -------
        str
            A few sentences.
        """
        words = {
            "name": self.name,
            "imports": shorten(self.imports, limit=3),
            "unfamiliar": shorten(self.unfamiliar, limit=3),
        }
        return " ".join(_sentences(self)).format(**words)


def _sentences(seen: Inspection) -> list[str]:
    if seen.format == "onnx":
        return [_("'{name}' is an ONNX file, a list of computations: loading it runs no code of its author.")]
    if seen.format == "skops" and seen.safe:
        return [_("'{name}' is a skops file that needs only types which skops knows to be safe.")]
    if seen.format == "skops":
        asks = _("'{name}' is a skops file that needs types which skops does not trust by itself: {imports}.")
        return [asks, _("Name those that you know in `trust`.")]
    sentences = [_("'{name}' is a pickle: loading it runs the code of whoever wrote it.")]
    if seen.unfamiliar:
        sentences.append(_("It asks for {unfamiliar}, which no scikit-learn model needs."))
    elif seen.imports:
        sentences.append(_("It imports {imports}: that looks like a model, and is no proof."))
    if not seen.complete:
        sentences.append(_("The list is not whole: a part of the file cannot be read without running it."))
    return sentences


def inspect(path: str | os.PathLike[str]) -> Inspection:
    """Say what a model file is and what loading it would need, without running any of it.

    Parameters
    ----------
    path : path
        A model file; its content decides, not its name.

    Returns
    -------
    Inspection
        Format, size, imports, and whether loading it is safe.

    Raises
    ------
    StorageError
        Where the file is missing, empty, cut off, or no model file.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "model.bin"
    >>> _ = path.write_bytes(pickle.dumps(print))
    >>> inspect(path).unfamiliar
    ('builtins.print',)
    """
    path = Path(path)
    content = _content(path)
    if content[:2] == b"PK":
        return _inspect_zip(path, content)
    try:
        plain = decompressed(content)
        found = scan(plain)
    except InputError as error:
        return _inspect_onnx(path, content, error)
    by_joblib = found.joblib or plain is not content
    return Inspection(path.name, "joblib" if by_joblib else "pickle", len(content), found.imports, found.complete)


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(path, "a model", error) from error
    if not content:
        raise StorageError(f"{str(path)!r} is empty; ask for the file again.")
    return content


def _inspect_zip(path: Path, content: bytes) -> Inspection:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
        if "schema.json" in names:
            types = require("skops.io", extra="lab").get_untrusted_types(data=content)
            return Inspection(path.name, "skops", len(content), tuple(types))
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError) as error:
        raise unreadable(path, "a skops model", error) from error
    raise StorageError(
        f"{str(path)!r} is an archive of {shorten(names, limit=3)}, and no skops model; unpack it first."
    )


def _inspect_onnx(path: Path, content: bytes, no_pickle: InputError) -> Inspection:
    if content[:1] == pickle.PROTO:
        raise unreadable(path, "a pickled model", no_pickle) from no_pickle
    onnx = require("onnx", extra="lab")
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise unreadable(path, "a model", error) from error
    if not model.graph.node:
        raise StorageError(f"{str(path)!r} is no model file: it is neither a pickle, nor skops, nor ONNX.")
    return Inspection(path.name, "onnx", len(content), ())
