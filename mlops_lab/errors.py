"""The errors that this package raises on purpose.

::

    MlopsLabError
    ├── InputError          (also a ValueError)         a value that was given cannot be used
    ├── MissingDataError    (also a FileNotFoundError)  a file that belongs to the package is not there
    └── MissingExtraError   (also an ImportError)       an optional dependency is not installed

Every message names the thing, says what is wrong with it and what to do. The command line prints it without a
traceback and exits with 2.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from types import ModuleType

__all__ = ["InputError", "MissingDataError", "MissingExtraError", "MlopsLabError", "nearest", "require", "shorten"]


class MlopsLabError(Exception):
    """Base of all errors that this package raises on purpose."""


class InputError(MlopsLabError, ValueError):
    """A value that was given cannot be used."""


class MissingDataError(MlopsLabError, FileNotFoundError):
    """A file that belongs to the package is not there."""


class MissingExtraError(MlopsLabError, ImportError):
    """An optional dependency is not installed."""


def nearest(name: str, options: Iterable[str], count: int = 3) -> list[str]:
    """Return the options that look most like a name, best first.

    Parameters
    ----------
    name : str
        What was written.
    options : iterable of str
        What could have been meant.
    count : int, default 3
        How many to return at most; three fit into one sentence.

    Returns
    -------
    list of str
        Empty where nothing comes close.

    Examples
    --------
    >>> nearest("storage_format", ["storage_formats", "start_here"])
    ['storage_formats']
    """
    lowered = {option.lower(): option for option in options}
    close = difflib.get_close_matches(name.lower(), list(lowered), n=count, cutoff=0.5)
    return [lowered[option] for option in close]


def shorten(names: Iterable[str], limit: int = 8) -> str:
    """Join names for a sentence, leaving out those beyond a limit and saying how many they are.

    Parameters
    ----------
    names : iterable of str
        What to join.
    limit : int, default 8
        How many to write out; more than eight are not read.

    Returns
    -------
    str
        The names, separated by commas.

    Examples
    --------
    >>> shorten(["a", "b", "c"], limit=2)
    'a, b, … (1 more)'
    """
    listed = list(names)
    if len(listed) <= limit:
        return ", ".join(listed)
    return ", ".join(listed[:limit]) + f", … ({len(listed) - limit} more)"


def require(module: str, extra: str) -> ModuleType:
    """Import an optional dependency, or say how to install it.

    Parameters
    ----------
    module : str
        Name of the module as in an import statement.
    extra : str
        Extra of this package that installs it, such as ``"lab"``.

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    MissingExtraError
        Where the module is not installed.

    Examples
    --------
    >>> require("json", extra="lab").dumps([1])
    '[1]'
    >>> require("no_such_module", extra="lab")
    Traceback (most recent call last):
    mlops_lab.errors.MissingExtraError: The module 'no_such_module' is not installed; run: pip install 'mlops-lab[lab]'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not (module == error.name or module.startswith(f"{error.name}.")):
            raise  # the module is there, and something that it needs is not: its own error says more
        raise MissingExtraError(
            f"The module {module!r} is not installed; run: pip install 'mlops-lab[{extra}]'"
        ) from error
