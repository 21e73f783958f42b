import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlops_lab import doctor, launcher
from mlops_lab.cli import main
from mlops_lab.datasets import shipped
from mlops_lab.doctor import Finding


def finding(name: str) -> Finding:
    return next(each for each in doctor.examine() if each.name == name)


@pytest.fixture
def no_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the package look like one installed from a wheel."""
    monkeypatch.setattr(launcher, "__file__", str(tmp_path / "site-packages" / "mlops_lab" / "launcher.py"))
    monkeypatch.chdir(tmp_path)


def pretend(monkeypatch: pytest.MonkeyPatch, **versions: str | None) -> None:
    """Change the versions of installed packages; None is not installed."""
    real = metadata.version

    def version(package: str) -> str:
        found = versions.get(package, "")
        if found is None:
            raise metadata.PackageNotFoundError(package)
        return found or real(package)

    monkeypatch.setattr(metadata, "version", version)


@pytest.mark.slow
def test_this_environment_will_do() -> None:
    """The tests run with the lab extra, so nothing that is needed is missing but perhaps room on the machine."""
    machine = {"Disk", "Memory"}
    assert [each for each in doctor.examine() if each.ok is False and each.name not in machine] == []


@pytest.mark.slow
def test_what_is_wrong_comes_with_advice_and_what_is_fine_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "DISK", 1e9)
    monkeypatch.setattr(doctor, "MEMORY", 1e9)
    monkeypatch.setenv("CHROMIUM", "no_such_browser")
    findings = doctor.examine()
    assert {each.name for each in findings if each.ok is False} >= {"Disk", "Memory"}
    assert all(bool(each.advice) == (each.ok is not True) for each in findings)


@pytest.mark.slow
def test_an_old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PYTHON", (99, 1))
    assert finding("Python").ok is False
    assert "99.1" in finding("Python").advice


@pytest.mark.slow
def test_a_package_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, scipy=None)
    assert finding("Packages").ok is False
    assert finding("Packages").found == "scipy is not installed"


@pytest.mark.slow
def test_a_package_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, numpy="1.26.4")
    assert finding("Packages").ok is False
    assert finding("Packages").found == "numpy 1.26.4 is not >=2.0"


@pytest.mark.slow
def test_a_newer_version_than_the_pinned_one_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, scipy="999.0")
    assert finding("Packages").ok is True
    assert finding("Pins").ok is None
    assert finding("Pins").found.startswith("scipy 999.0 is not ==")


@pytest.mark.slow
def test_what_the_lessons_need_is_needed_in_a_clone(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, fastavro=None, jupyterlab=None)
    assert finding("Lesson packages").ok is False
    assert finding("JupyterLab").ok is False
    assert "requirements.lock" in finding("JupyterLab").advice


@pytest.mark.usefixtures("no_clone")
def test_what_the_lessons_need_is_a_note_where_only_the_package_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, fastavro=None, jupyterlab=None)
    assert finding("Lesson packages").ok is None
    assert finding("JupyterLab").ok is None
    assert finding("JupyterLab").advice.endswith("pip install 'mlops-lab[lab]'")
    assert "Pins" not in {each.name for each in doctor.examine()}


@pytest.mark.slow
def test_a_table_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "FOLDERS", (tmp_path, tmp_path))
    (tmp_path / "flights.parquet").touch()
    assert finding("Data").ok is False
    assert "adult" in finding("Data").found
    assert "flights" not in finding("Data").found


@pytest.mark.slow
def test_a_workspace_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_LAB_HOME", "/dev/null/home")
    assert finding("Workspace").ok is False
    assert "MLOPS_LAB_HOME" in finding("Workspace").advice


@pytest.mark.slow
def test_a_workspace_that_is_yet_to_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_LAB_HOME", str(tmp_path / "new" / "home"))
    assert finding("Workspace").ok is True
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_the_memory_of_a_container_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(doctor, "MEMORY_LIMITS", (str(limit),))
    limit.write_text("512000000\n")
    assert finding("Memory").found == "0.5 GB"
    assert finding("Memory").ok is False
    limit.write_text("max\n")
    assert finding("Memory").found != "0.5 GB"


@pytest.mark.slow
def test_more_threads_than_cores_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    import joblib

    monkeypatch.setattr(joblib, "cpu_count", lambda: 0)
    assert finding("BLAS threads").ok is None
    assert "OPENBLAS_NUM_THREADS" in finding("BLAS threads").advice


@pytest.mark.slow
def test_a_taken_port_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "port_problem", lambda _port: "Address already in use")
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    assert finding("Port").ok is None
    monkeypatch.setenv("JPY_PARENT_PID", "1")  # as in a notebook, whose own JupyterLab has the port
    assert finding("Port").ok is True


@pytest.mark.slow
def test_a_missing_browser_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "no_such_browser")
    assert finding("Chromium").ok is None


def test_the_browser_that_is_named_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", sys.executable)
    assert doctor.chromium() == sys.executable


def test_json_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = [
        Finding("Port", "8888 is free", ok=True),
        Finding("Chromium", "not found", ok=None, advice="Install it."),
    ]
    monkeypatch.setattr(doctor, "examine", lambda: findings)
    result = CliRunner().invoke(main, ["doctor", "--json"])
    told = json.loads(result.output)
    assert result.exit_code == 0
    assert told["ok"] is True
    assert [Finding(**each) for each in told["findings"]] == findings


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_something_missing_ends_with_1(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: [Finding("Disk", "full", ok=False, advice="Make room.")])
    result = CliRunner().invoke(main, ["doctor", *arguments])
    assert result.exit_code == 1
    assert "Make room." in result.output


def test_bad_usage_ends_with_2() -> None:
    result = CliRunner().invoke(main, ["doctor", "--jsn"])
    assert result.exit_code == 2
    assert "--json" in result.output


def test_looking_for_help_loads_no_heavy_package() -> None:
    program = "import sys, mlops_lab.doctor; print(sorted({'numpy', 'pandas', 'jupyterlab'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
