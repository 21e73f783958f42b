"""Where this package keeps what belongs to its user: progress, predictions, MLflow workspaces."""

from __future__ import annotations

import os
from pathlib import Path

from mlops_lab.errors import require

__all__ = ["home"]


def home() -> Path:
    """Return the user's workspace.

    Returns
    -------
    Path
        ``MLOPS_LAB_HOME``, else the user's data directory for this package.

    Raises
    ------
    MissingExtraError
        Where the variable is not set and platformdirs, which knows that directory, is not installed.

    Examples
    --------
    >>> os.environ["MLOPS_LAB_HOME"] = "workspace"
    >>> home()
    PosixPath('workspace')
    """
    chosen = os.environ.get("MLOPS_LAB_HOME")
    if chosen:
        return Path(chosen).expanduser()
    directory: str = require("platformdirs", extra="lab").user_data_dir("mlops_lab", appauthor=False)
    return Path(directory)
