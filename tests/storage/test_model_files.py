import bz2
import contextlib
import gzip
import io
import lzma
import os
import pickle
import sys
import zipfile
import zlib

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlops_lab.errors import InputError, MissingExtraError
from mlops_lab.storage.errors import StorageError
from mlops_lab.storage.inspection import UntrustedFileError, inspect
from mlops_lab.storage.model_files import MODEL_FORMATS, compare, load, packages, save, save_booby_trap
from mlops_lab.storage.pickles import decompressed, scan

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(300, 3)), columns=["distance", "hour", "month"])
Y = (X["distance"] + RNG.normal(size=300) > 0).astype(int)


@pytest.fixture(scope="module")
def logistic():
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)


@pytest.fixture(scope="module")
def forest():
    return RandomForestClassifier(10, max_depth=5, n_jobs=1, random_state=0).fit(X, Y)


@pytest.mark.slow
@pytest.mark.parametrize("format", MODEL_FORMATS)
@pytest.mark.parametrize("name", ["logistic", "forest"])
def test_a_model_comes_back_and_predicts_the_same(name, format, tmp_path, request):
    model = request.getfixturevalue(name)
    path = save(model, tmp_path / "model.bin", format, example=X)
    assert inspect(path).format == format
    again = load(path, trust=True)
    np.testing.assert_allclose(again.predict_proba(X), model.predict_proba(X), atol=1e-5)
    assert (again.predict(X) == model.predict(X)).mean() > 0.99


def test_values_too_go_through_onnx(tmp_path):
    model = RandomForestRegressor(5, max_depth=4, random_state=0).fit(X, X["hour"])
    again = load(save(model, tmp_path / "model.onnx", "onnx", example=X))
    np.testing.assert_allclose(again.predict(X), model.predict(X), atol=1e-5)


def test_onnx_finds_columns_by_name(logistic, tmp_path):
    model = load(save(logistic, tmp_path / "model.onnx", "onnx", example=X))
    np.testing.assert_array_equal(model.predict_proba(X[["month", "distance", "hour"]]), model.predict_proba(X))
    with pytest.raises(InputError, match="needs the columns month"):
        model.predict_proba(X[["distance", "hour"]])
    with pytest.raises(InputError, match="month holds something else"):
        model.predict_proba(X.assign(month="May"))


def test_a_pickle_is_refused_before_it_runs(logistic, tmp_path):
    marker, path = tmp_path / "was here", tmp_path / "gift.pkl"
    save_booby_trap(logistic, path, marker)
    seen = inspect(path)
    assert seen.unfamiliar == ("builtins.exec",)
    assert not seen.safe
    for trust in (False, ["builtins.exec"], list(seen.imports)):
        with pytest.raises(UntrustedFileError, match=r"asks for builtins\.exec.*trust=True only where you know"):
            load(path, trust)
    assert not marker.exists()


def test_trusting_the_stranger_runs_the_stranger(logistic, tmp_path):
    marker, path = tmp_path / "it's here", tmp_path / "gift.pkl"
    save_booby_trap(logistic, path, marker)
    model = load(path, trust=True)
    assert marker.exists()
    np.testing.assert_array_equal(model.predict(X), logistic.predict(X))


def test_an_honest_pickle_is_no_proof_either(logistic, tmp_path):
    seen = inspect(save(logistic, tmp_path / "model.pkl", "pickle"))
    assert seen.unfamiliar == ()
    assert "sklearn.linear_model._logistic.LogisticRegression" in seen.imports
    assert not seen.safe
    assert "no proof" in seen.explain()


def test_skops_names_what_must_be_trusted(forest, tmp_path):
    path = save(forest, tmp_path / "model.skops", "skops")
    types = inspect(path).imports
    assert types
    with pytest.raises(UntrustedFileError, match="needs sklearn"):
        load(path)
    with pytest.raises(UntrustedFileError):
        load(path, trust=["something.else"])
    assert (load(path, trust=types).predict(X) == forest.predict(X)).all()


class Homemade(LogisticRegression):
    """A class that no converter knows."""


def test_no_onnx_counterpart_is_said_in_one_sentence(tmp_path):
    with pytest.raises(InputError, match="cannot turn Homemade into ONNX") as caught:
        save(Homemade().fit(X, Y), tmp_path / "model.onnx", "onnx", example=X)
    assert len(str(caught.value)) < 400
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
def test_onnx_needs_nothing_of_scikit_learn(logistic, tmp_path):
    needed = packages(save(logistic, tmp_path / "model.onnx", "onnx", example=X))
    assert "onnxruntime" in needed
    assert "sklearn" not in needed
    assert "sklearn" in packages(save(logistic, tmp_path / "model.pkl", "pickle"), trust=True)


def test_packages_refuses_before_it_runs(logistic, tmp_path):
    save_booby_trap(logistic, tmp_path / "gift.pkl", tmp_path / "was here")
    with pytest.raises(UntrustedFileError):
        packages(tmp_path / "gift.pkl")
    assert not (tmp_path / "was here").exists()


@pytest.mark.slow
def test_comparing_one_model_in_four_formats(forest):
    table = compare(forest, X, repeats=3)
    assert list(table.index) == list(MODEL_FORMATS)
    assert table.loc["pickle", ["load", "one_row"]].tolist() == [1, 1]
    assert (table["difference"] < 1e-5).all()
    assert table.index[table["runs_code"]].tolist() == ["pickle", "joblib"]
    assert table.loc["skops", "must_trust"]


@pytest.mark.slow
@pytest.mark.parametrize("format", MODEL_FORMATS)
@pytest.mark.parametrize("keep", [0, 1, 0.3, 0.9])
def test_a_file_cut_short_gets_one_sentence(forest, format, keep, tmp_path):
    path = save(forest, tmp_path / f"model.{format}", format, example=X)
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content)) if keep < 1 else 1])
    with pytest.raises(InputError, match=f"model.{format}"):
        load(path, trust=True)


@pytest.mark.slow
@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_model_or_one_sentence(content, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "noise"
    path.write_bytes(content)
    with contextlib.suppress(StorageError):
        assert inspect(path).size == len(content)


def test_files_that_are_no_models(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear colleague, the model is attached.")
    X.to_parquet(tmp_path / "table.parquet")
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("data.pkl", pickle.dumps(1))
    for path in tmp_path.iterdir():
        with pytest.raises(InputError, match=path.name):
            inspect(path)
    with pytest.raises(InputError, match="There is no file"):
        inspect(tmp_path / "modle.pkl")


@pytest.mark.parametrize("compress", [("zlib", 3), ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)])
def test_compressed_joblib_files_are_looked_into(logistic, compress, tmp_path):
    joblib.dump(logistic, tmp_path / "model.joblib", compress=compress)
    seen = inspect(tmp_path / "model.joblib")
    assert seen.format == "joblib"
    assert "sklearn.pipeline.Pipeline" in seen.imports
    assert "not whole" in seen.explain()


@pytest.mark.slow
@given(content=st.binary(min_size=1, max_size=500), compress=st.sampled_from([zlib, gzip, bz2, lzma]))
def test_decompression_undoes_compression(content, compress):
    assert decompressed(compress.compress(content)) == content


class Unpickled:
    """Counts what a real unpickler imports, to hold the list against it."""

    def __init__(self, data):
        self.names = []
        outer = self

        class Watching(pickle.Unpickler):
            def find_class(self, module, name):
                outer.names.append(f"{module}.{name}")
                return super().find_class(module, name)

        Watching(io.BytesIO(data)).load()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_the_list_is_what_a_real_unpickler_imports(forest, protocol):
    data = pickle.dumps([forest, X, print, {"path": os.path.join}], protocol=protocol)
    found = scan(data)
    # Protocols 0 to 2 write the old names of Python 2, which the unpickler translates.
    assert found.complete
    assert len(found.imports) == len(set(Unpickled(data).names))
    if protocol > 2:
        assert set(found.imports) == set(Unpickled(data).names)


def test_a_hidden_name_is_admitted():
    # The name's two halves come out of a tuple, where a list of instructions does not show them together.
    hidden = b"\x80\x04\x8c\x02os0\x8c\x02os\x8c\x06getpid\x85\x93."
    assert not scan(hidden).complete


def test_pickled_text_that_looks_like_a_name_is_not_taken_for_one():
    assert scan(pickle.dumps(["os", "system"])).imports == ()


def test_nothing_half_written_is_left(logistic, tmp_path):
    path = save(logistic, tmp_path / "model.skops")
    before = path.read_bytes()
    with pytest.raises(InputError, match="Did you mean 'skops'"):
        save(logistic, path, "skop")
    with pytest.raises(InputError, match="as `example`"):
        save(logistic, path, "onnx")
    assert path.read_bytes() == before
    with pytest.raises(InputError, match="no directory"):
        save(logistic, tmp_path / "nowhere" / "model.skops")
    assert os.listdir(tmp_path) == ["model.skops"]


def test_a_missing_extra_is_named(logistic, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(MissingExtraError, match=r"mlops-lab\[lab\]"):
        save(logistic, tmp_path / "model.skops")


def test_a_missing_package_is_named(tmp_path):
    (tmp_path / "model.pkl").write_bytes(b"cno_such_package\nModel\n.")
    with pytest.raises(InputError, match="needs 'no_such_package', which is not installed"):
        load(tmp_path / "model.pkl", trust=True)
