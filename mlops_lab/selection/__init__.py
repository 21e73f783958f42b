"""Choosing a model: the families that are compared, each with the preparation of columns that it needs."""

from mlops_lab.selection.families import FAMILIES, make

__all__ = ["FAMILIES", "make"]
