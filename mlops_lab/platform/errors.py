"""The errors of this room, each one sentence.

::

    RegistryError (an InputError)     a name, version or alias is not there, or the registry does not answer
    └── PromotionRefused              the report does not let this version through; nothing was moved
        └── PromotionLost             somebody else was faster; nothing was moved
"""

from __future__ import annotations

from mlops_lab.errors import InputError

__all__ = ["PromotionLost", "PromotionRefused", "RegistryError", "TrackingError"]


class RegistryError(InputError):
    """What was asked of the registry cannot be done as it was asked."""


class PromotionRefused(RegistryError):
    """A version may not become champion; nothing was moved."""


class PromotionLost(PromotionRefused):
    """Another promotion came first; nothing was moved for this one."""


class TrackingError(InputError):
    """A workspace or its server cannot be used."""
