import sys
from pathlib import Path

import pytest

from mlops_lab import evaluation as ev

MODULE = """
class Model:
    classes_ = [0, 1]

    def predict_proba(self, frame):
        return [[0.4, 0.6]] * len(frame)

    def predict(self, frame):
        return [1] * len(frame)

class nested:
    model = Model()

fitted = Model()

def load_fitted():
    return Model()

def predict(frame):
    return frame["x"] * 0 + 0.5
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "her_models.py").write_text(MODULE)
    before = list(sys.path)
    yield
    sys.modules.pop("her_models", None)
    assert sys.path == before


@pytest.mark.parametrize("name", ["fitted", "nested.model", "load_fitted"])
def test_a_model_in_python_code_of_the_current_folder(name: str) -> None:
    assert ev.load_model(f"her_models:{name}").predict_proba([0]) == [[0.4, 0.6]]


def test_a_function_of_a_frame_is_a_model_itself() -> None:
    assert callable(ev.load_model("her_models:predict"))


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("her_models:fited", "has no 'fited'; the nearest is 'fitted'"),
        ("her_models:Model", "her_models:Model is a class; name a fitted model"),
        ("her_model:fitted", "There is no module 'her_model'; run this in the folder that holds it"),
        ("her_models.deeper:fitted", r"There is no module 'her_models.deeper'"),
        ("her_models.pi", "There is no model at 'her_models.pi'; the nearest in its folder is 'her_models.py'"),
        ("nowhere/model.skops", "its folder 'nowhere' is not there either"),
        (".", "holds no MLmodel file"),
        ("", "holds no MLmodel file"),
    ],
)
def test_what_is_not_there_is_named_with_the_nearest(address: str, sentence: str) -> None:
    with pytest.raises(ev.EvaluationError, match=sentence):
        ev.load_model(address)


def test_an_error_inside_her_module_is_hers() -> None:
    Path("broken_models.py").write_text("import no_such_package_at_all\n")
    with pytest.raises(ModuleNotFoundError, match="no_such_package_at_all"):
        ev.load_model("broken_models:model")
