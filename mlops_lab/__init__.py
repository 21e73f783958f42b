"""A workbench to learn MLOps and to evaluate tabular models for production."""

__version__ = "0.1.0"
