"""How `make docs` writes the manual: the pages of this folder, and the reference from the docstrings."""

from __future__ import annotations

import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "mlops_lab"
author = PROJECT["authors"][0]["name"]
release = PROJECT["version"]
project_copyright = f"2026, {author}"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = f"mlops_lab {release}"
html_copy_source = False
html_theme_options = {
    "source_repository": PROJECT["urls"]["REPOSITORY"],
    "source_branch": "main",
    "source_directory": "docs/",
}

autodoc_default_options = {
    "members": True,
    "exclude-members": "set_fit_request, set_predict_request, set_score_request",  # scikit-learn's, not ours
}
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the numpy sections name the types, in words
myst_heading_anchors = 3
napoleon_google_docstring = False
suppress_warnings = ["ref.python"]  # "columns" in "of shape (rows, columns)" is a word, though attributes are called so
