"""Evaluate a tabular model for production: six methods, honest intervals, at the price of the predictions alone.

>>> from mlops_lab import evaluation as ev
>>> suite = ev.Suite([ev.Invariance("sex", max_change_rate=0.01)])      # doctest: +SKIP
>>> report = suite.run(model, X, y)                                     # doctest: +SKIP
"""

from mlops_lab.evaluation.addresses import load_model
from mlops_lab.evaluation.changes import CorrelatedNoise as correlated_noise
from mlops_lab.evaluation.changes import Miscode as miscode
from mlops_lab.evaluation.changes import Missing as missing
from mlops_lab.evaluation.changes import Noise as noise
from mlops_lab.evaluation.changes import OutOfRange as out_of_range
from mlops_lab.evaluation.changes import Rescale as rescale
from mlops_lab.evaluation.changes import RoundOff as round_off
from mlops_lab.evaluation.changes import Shift as shift
from mlops_lab.evaluation.changes import Swap as swap
from mlops_lab.evaluation.changes import Typo as typo
from mlops_lab.evaluation.changes import UnitError as unit_error
from mlops_lab.evaluation.changes import Unseen as unseen
from mlops_lab.evaluation.checks.calibration import Calibration
from mlops_lab.evaluation.checks.confidence import Confidence
from mlops_lab.evaluation.checks.directional import Directional
from mlops_lab.evaluation.checks.invariance import Invariance
from mlops_lab.evaluation.checks.perturbation import Perturbation
from mlops_lab.evaluation.checks.slices import Slices
from mlops_lab.evaluation.checks.weak_slices import WeakSlices
from mlops_lab.evaluation.compare import Comparison, compare
from mlops_lab.evaluation.conformal import Conformal, conformal
from mlops_lab.evaluation.coverage import Coverage
from mlops_lab.evaluation.errors import EvaluationError, NotApplicable, VerdictError
from mlops_lab.evaluation.mlflow_report import mlflow_thresholds
from mlops_lab.evaluation.proof import Proof, RecalibrationRefused
from mlops_lab.evaluation.proxies import ProxyAudit
from mlops_lab.evaluation.proxy import proxy_audit
from mlops_lab.evaluation.ranking import ColumnRanking, rank_columns
from mlops_lab.evaluation.recalibrate import Recalibrated, recalibrate
from mlops_lab.evaluation.report import Report, assert_passes
from mlops_lab.evaluation.result import Result
from mlops_lab.evaluation.reversal import Simpson
from mlops_lab.evaluation.selective import RiskCoverage, risk_coverage
from mlops_lab.evaluation.simpson import simpson
from mlops_lab.evaluation.specification import Specification
from mlops_lab.evaluation.suite import Suite

__all__ = [
    "Calibration",
    "ColumnRanking",
    "Comparison",
    "Confidence",
    "Conformal",
    "Coverage",
    "Directional",
    "EvaluationError",
    "Invariance",
    "NotApplicable",
    "Perturbation",
    "Proof",
    "ProxyAudit",
    "Recalibrated",
    "RecalibrationRefused",
    "Report",
    "Result",
    "RiskCoverage",
    "Simpson",
    "Slices",
    "Specification",
    "Suite",
    "VerdictError",
    "WeakSlices",
    "assert_passes",
    "compare",
    "conformal",
    "correlated_noise",
    "load_model",
    "miscode",
    "missing",
    "mlflow_thresholds",
    "noise",
    "out_of_range",
    "proxy_audit",
    "rank_columns",
    "recalibrate",
    "rescale",
    "risk_coverage",
    "round_off",
    "shift",
    "simpson",
    "swap",
    "typo",
    "unit_error",
    "unseen",
]
