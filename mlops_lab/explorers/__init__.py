"""Widgets to explore an idea with: each is a function that computes, one that draws, one that tells, and a thin shell.

Call an explorer by its name, ``explorers.formats(frame)``; its parts lie in the module of the same name:
``from mlops_lab.explorers.formats import compute, draw, describe``. ipywidgets is loaded when a widget is made.
"""

from mlops_lab.explorers.calibration import explorer as calibration
from mlops_lab.explorers.confidence import explorer as confidence
from mlops_lab.explorers.directional import explorer as directional
from mlops_lab.explorers.formats import explorer as formats
from mlops_lab.explorers.invariance import explorer as invariance
from mlops_lab.explorers.perturbation import explorer as perturbation
from mlops_lab.explorers.slices import explorer as slices

__all__ = ["calibration", "confidence", "directional", "formats", "invariance", "perturbation", "slices"]
