"""Secrets in addresses, such as the password of a database, never reach a screen, a log or a report."""

from __future__ import annotations

import re

__all__ = ["mask"]

USER = re.compile(r"(?<=://)([^/\s:@'\"]*):([^\s'\"]*)@(?=[^\s@'\"]*)")  # user:password@host; a password may hold an @
TOKEN = re.compile(r"(?<=://)[^/\s:@'\"]{20,}@")  # a token in the user's place
PARAMETER = re.compile(
    r"(?i)\b((?:[a-z0-9_-]*(?:password|passwd|pwd|secret|token|credential|signature|access_?key|api_?key)[a-z0-9_-]*)=)"
    r"[^&\s'\";]+"
)


def mask(text: str) -> str:
    """Replace passwords and tokens in addresses by three stars.

    Parameters
    ----------
    text : str
        An address, or a sentence that holds some.

    Returns
    -------
    str
        The same without secrets.

    Examples
    --------
    >>> mask("postgresql://ada:love@db.example/people?sslmode=require&password=x")
    'postgresql://ada:***@db.example/people?sslmode=require&password=***'
    """
    text = USER.sub(r"\1:***@", text)
    text = TOKEN.sub("***@", text)
    return PARAMETER.sub(r"\1***", text)
