"""Where models are tracked, registered and served: MLflow, with the gate that lets only an evaluated model through.

Nothing here loads MLflow before it is used.

>>> from mlops_lab.platform import registry, tracking
>>> registry.promote("income", 3, report)                               # doctest: +SKIP
"""

from mlops_lab.platform.errors import PromotionLost, PromotionRefused, RegistryError

__all__ = ["PromotionLost", "PromotionRefused", "RegistryError"]
