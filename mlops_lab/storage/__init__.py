"""Storing tables: formats, and what each of them costs."""

from mlops_lab.storage.benchmark import Benchmark, Claim, benchmark
from mlops_lab.storage.errors import StorageError
from mlops_lab.storage.formats import FORMATS, Format

__all__ = ["FORMATS", "Benchmark", "Claim", "Format", "StorageError", "benchmark"]
