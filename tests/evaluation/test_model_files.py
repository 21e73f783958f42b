import pickle
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from skl2onnx import to_onnx
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from mlops_lab import evaluation as ev
from mlops_lab.errors import MissingExtraError

FRAME = pd.DataFrame({"age": np.linspace(20, 60, 200), "hours": np.arange(200) % 7})
LABELS = np.where(FRAME["age"] + 3 * FRAME["hours"] > 50, "yes", "no")
FOREST = RandomForestClassifier(n_estimators=5, random_state=0).fit(FRAME, LABELS)
CHECK = ev.Suite([ev.Perturbation(ev.noise("age", sd=0.1), max_drop=0.2)])


def as_skops(model: Any) -> bytes:
    import skops.io  # takes seconds to load, which a process without these tests need not wait for

    return skops.io.dumps(model)


def rewrite(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_a_skops_file_is_loaded_once_its_types_are_trusted(tmp_path: Path) -> None:
    path = rewrite(tmp_path / "model.skops", as_skops(FOREST))
    with pytest.raises(ev.EvaluationError, match=r"'model.skops' needs types .*sklearn\.tree\._tree\.Tree.*trusted="):
        ev.load_model(path)
    import skops.io

    loaded = ev.load_model(path, trusted=skops.io.get_untrusted_types(data=path.read_bytes()))
    assert (loaded.predict_proba(FRAME) == FOREST.predict_proba(FRAME)).all()


@pytest.mark.slow
def test_a_suite_takes_the_file_itself(tmp_path: Path) -> None:
    model = LogisticRegression().fit(FRAME, LABELS)
    path = rewrite(tmp_path / "model.skops", as_skops(model))
    by_file, by_object = CHECK.run(str(path), FRAME, LABELS), CHECK.run(model, FRAME, LABELS)
    assert by_file.results[0].estimate == by_object.results[0].estimate
    assert by_file.model == by_object.model


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (lambda path: path.write_bytes(pickle.dumps(FOREST)), "model.pkl"),
        (lambda path: path.write_bytes(pickle.dumps(LogisticRegression(), protocol=0)), "old.pkl"),
        (lambda path: joblib.dump(FOREST, path), "model.joblib"),
        (lambda path: joblib.dump(FOREST, path, compress=("gzip", 3)), "model.gz"),
        (lambda path: joblib.dump(FOREST, path, compress=3), "small.joblib"),
        (lambda path: path.write_bytes(pickle.dumps(FOREST)), "disguised.skops"),
    ],
)
def test_a_pickle_is_opened_only_on_trust_whatever_its_name(write, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    write(path)
    with pytest.raises(ev.EvaluationError, match=f"'{name}' is a pickle: opening it runs the code of whoever wrote it"):
        ev.load_model(path)
    assert hasattr(ev.load_model(path, trust_pickle=True), "predict_proba")


def test_a_stranger_s_pickle_does_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        path = rewrite(tmp_path / f"trap{protocol}", pickle.dumps(Trap(), protocol=protocol))
        with pytest.raises(ev.EvaluationError):
            ev.load_model(path)
    assert not (tmp_path / "ran").exists()


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(ev.EvaluationError, match=r"'thing.skops' is empty; save the model anew"):
        ev.load_model(rewrite(tmp_path / "thing.skops", b""))


@pytest.mark.parametrize("content", [b"\x80\x05]q", b"PK\x03\x04", b"no model at all"])
def test_a_file_that_is_no_model_is_said_to_be_none(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ev.EvaluationError, match=r"'thing' cannot be opened as \w+ "):
        ev.load_model(rewrite(tmp_path / "thing", content), trust_pickle=True)


def test_a_pickle_of_a_package_that_is_not_installed(tmp_path: Path) -> None:
    path = rewrite(tmp_path / "model.pkl", b"\x80\x04cno_such_package\nModel\n.")
    with pytest.raises(ev.EvaluationError, match=r"'model.pkl' needs 'no_such_package', which is not installed"):
        ev.load_model(path, trust_pickle=True)


def test_a_missing_library_is_named_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = rewrite(tmp_path / "model.skops", as_skops(FOREST))
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mlops-lab\[models\]'"):
        ev.load_model(path)


@pytest.mark.parametrize("module", ["onnx", "onnxruntime"])
def test_a_missing_library_of_onnx_is_named_with_its_extra(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = rewrite(tmp_path / "model.onnx", to_onnx(FOREST, FRAME.to_numpy(np.float32)[:1]).SerializeToString())
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"'{module}' is not installed; run: pip install '.*\[models\]'"):
        ev.load_model(path)


@pytest.mark.slow
@pytest.mark.parametrize("zipmap", [False, True])
def test_an_onnx_classifier_gives_the_probabilities_of_its_own_classes(zipmap: bool, tmp_path: Path) -> None:
    sample = FRAME.to_numpy(np.float32)
    content = to_onnx(FOREST, sample[:1], options={id(FOREST): {"zipmap": zipmap}}).SerializeToString()
    model = ev.load_model(rewrite(tmp_path / "model.onnx", content))
    assert model.classes_.tolist() == ["no", "yes"]
    np.testing.assert_allclose(model.predict_proba(FRAME), FOREST.predict_proba(sample), atol=1e-6)
    assert CHECK.run(model, FRAME, LABELS).results[0].verdict != "error"


@pytest.mark.slow
def test_an_onnx_pipeline_is_given_its_columns_by_name(tmp_path: Path) -> None:
    frame = FRAME.assign(job=np.where(FRAME.index % 2, "cook", "driver"))
    encode = make_column_transformer((OneHotEncoder(), ["job"]), (FunctionTransformer(), ["age", "hours"]))
    pipeline = make_pipeline(encode, LogisticRegression()).fit(frame, LABELS)
    narrow = frame[:1].astype({"age": np.float32, "hours": np.float32})
    content = to_onnx(pipeline, narrow, options={id(pipeline): {"zipmap": False}}).SerializeToString()
    model = ev.load_model(rewrite(tmp_path / "pipeline.onnx", content))
    shuffled = frame[["job", "hours", "age"]]
    np.testing.assert_allclose(model.predict_proba(shuffled), pipeline.predict_proba(frame), atol=1e-5)
    with pytest.raises(ev.EvaluationError, match=r"needs the column 'job'.*The nearest is 'jobb'"):
        model.predict_proba(frame.rename(columns={"job": "jobb"}))


def test_an_onnx_model_of_values(tmp_path: Path) -> None:
    fitted = LinearRegression().fit(FRAME, 2 * FRAME["age"])
    content = to_onnx(fitted, FRAME.to_numpy(np.float32)[:1]).SerializeToString()
    model = ev.load_model(rewrite(tmp_path / "model.onnx", content))
    report = ev.Suite([ev.Perturbation(ev.noise("age", sd=0.1), max_drop=50)]).run(model, FRAME, 2 * FRAME["age"])
    assert report.results[0].verdict == "pass"
    with pytest.raises(ev.EvaluationError, match="takes 2 columns and the data has 1"):
        model.predict(FRAME[["age"]])
