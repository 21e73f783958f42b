import io
import json
import os
import zipfile

import pandas as pd
import pyarrow.parquet as parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mlops_lab.errors import InputError
from mlops_lab.storage import multimodal
from mlops_lab.storage.multimodal import CONTAINERS, compare, read, read_sample, samples, write

REPORTS = samples(20)


def test_the_same_seed_draws_the_same_samples():
    assert samples(5, seed=3).equals(samples(5, seed=3))
    assert not samples(5, seed=3).equals(samples(5, seed=4))


def test_pictures_are_real_ones():
    picture = Image.open(io.BytesIO(REPORTS["picture"][0]))
    assert (picture.format, picture.size, picture.mode) == ("PNG", (96, 96), "RGB")


@pytest.mark.parametrize("container", CONTAINERS)
def test_what_was_written_comes_back(container, tmp_path):
    path = write(REPORTS, tmp_path / "reports", container)
    pd.testing.assert_frame_equal(read(path, container), REPORTS, check_dtype=False)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(count=st.integers(1, 30), data=st.data())
def test_any_sample_alone_is_the_row_of_the_table(count, data, tmp_path_factory):
    row = data.draw(st.integers(0, count - 1))
    container = data.draw(st.sampled_from(sorted(CONTAINERS)))
    path = write(samples(count, pixels=16), tmp_path_factory.mktemp("one") / "reports", container)
    assert read_sample(path, row, container) == samples(count, pixels=16).iloc[row].to_dict()


def test_other_programs_open_the_files(tmp_path):
    schema = parquet.read_schema(write(REPORTS, tmp_path / "reports.parquet"))
    assert schema.field("picture").metadata == {b"media_type": b"image/png"}
    with zipfile.ZipFile(write(REPORTS, tmp_path / "reports.zip", "zip")) as archive:
        assert Image.open(io.BytesIO(archive.read("000003.png"))).size == (96, 96)
    lines = write(REPORTS, tmp_path / "reports.json", "json").read_text().splitlines()
    assert json.loads(lines[4])["text"] == REPORTS["text"][4]


def test_base64_costs_a_third_and_a_sample_alone_is_cheap_where_there_is_an_index():
    table = compare(samples(64))
    assert table.loc["json", "growth"] == pytest.approx(4 / 3, abs=0.03)
    assert (table["growth"] >= 1).all()
    assert table.loc["json", "fetched"] > 0.9
    assert table.loc["pickle", "fetched"] > 0.9
    assert table.loc["parquet", "fetched"] < 0.4
    assert table.loc["zip", "fetched"] < 0.2
    assert table.index[table["runs_code"]].tolist() == ["pickle"]


def test_comparing_notices_a_container_that_mixes_up_rows(monkeypatch):
    broken = multimodal.Container(CONTAINERS["json"].write, CONTAINERS["json"].read, lambda file, row: {"picture": b""})
    monkeypatch.setitem(CONTAINERS, "json", broken)
    with pytest.raises(Exception, match="another picture"):
        compare(REPORTS)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("row", [20, 400])
def test_a_row_that_is_not_there(container, row, tmp_path):
    path = write(REPORTS, tmp_path / "reports", container)
    with pytest.raises(InputError, match=r"'reports' has no row"):
        read_sample(path, row, container)


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_file_cut_short(container, tmp_path):
    path = write(REPORTS, tmp_path / "reports", container)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(InputError, match="cut off, damaged or of another format"):
        read(path, container)


@pytest.mark.parametrize("container", ["parquet", "zip", "pickle"])
def test_a_file_of_another_kind(container, tmp_path):
    path = write(REPORTS, tmp_path / "reports", "json")
    with pytest.raises(InputError, match=f"cannot be read as {container}"):
        read(path, container)


def test_nothing_half_written_is_left(tmp_path, monkeypatch):
    def full(frame, file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(
        CONTAINERS, "json", multimodal.Container(full, CONTAINERS["json"].read, CONTAINERS["json"].sample)
    )
    write(REPORTS, tmp_path / "reports", "zip")
    before = (tmp_path / "reports").read_bytes()
    with pytest.raises(InputError, match="no room left"):
        write(REPORTS, tmp_path / "reports", "json")
    assert os.listdir(tmp_path) == ["reports"]
    assert (tmp_path / "reports").read_bytes() == before


def test_wrong_use_gets_one_sentence(tmp_path):
    with pytest.raises(InputError, match="Did you mean 'parquet'"):
        write(REPORTS, tmp_path / "x", "parket")
    with pytest.raises(InputError, match="'picture' is missing"):
        write(REPORTS.drop(columns="picture"), tmp_path / "x")
    with pytest.raises(InputError, match="row 1 is not the bytes of a PNG"):
        write(REPORTS.assign(picture=[REPORTS["picture"][0]] + [b"gif"] * 19), tmp_path / "x")
    with pytest.raises(InputError, match="There is no file"):
        read(tmp_path / "nowhere")
    with pytest.raises(InputError, match="below 0"):
        read_sample(tmp_path / "x", -1)
    with pytest.raises(InputError, match="cannot be drawn"):
        samples(0)
