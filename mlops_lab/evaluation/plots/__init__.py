"""Pictures of results. Each draws what `Result.details` holds and computes nothing.

A drawing is registered with ``@draws(kind, *columns)``, where ``columns`` are those that it reads:

==============  ==================================================================================================
kind            columns of ``details``
==============  ==================================================================================================
perturbation    strength, estimate, low, high, flips, flips_low, flips_high
invariance      pair, rows, changed, estimate, low, high, toward_positive, toward_negative
directional     part ("all" or a region in words), rows, violations, estimate, low, high, mean_size
calibration     predicted, observed, low, high, band_low, band_high, rows
confidence      threshold, coverage, coverage_low, coverage_high, accuracy, accuracy_low, accuracy_high
slices          group, rows, metric, metric_low, metric_high, gap, low, high, p_value, verdict
weak_slices     slice, rows, share_of_error, found_gap, gap, low, high, p_value, confirmed
==============  ==================================================================================================

A result of another kind, or without these columns, is drawn as its interval against its tolerance.
"""

from mlops_lab.evaluation.plots import calibration, confidence, directional, invariance, perturbation, slices
from mlops_lab.evaluation.plots.drawing import draw_report, draw_result
from mlops_lab.evaluation.plots.registry import draws

__all__ = [
    "calibration",
    "confidence",
    "directional",
    "draw_report",
    "draw_result",
    "draws",
    "invariance",
    "perturbation",
    "slices",
]
