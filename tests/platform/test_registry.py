"""The gate: what lets a version through, what does not, and that nothing moves where it does not."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mlops_lab import evaluation as ev
from mlops_lab.platform import PromotionLost, PromotionRefused, RegistryError, registry
from mlops_lab.platform.server import Server
from tests.platform.races import Promoter, answer, order, race, started

pytestmark = pytest.mark.slow


def test_a_passing_report_of_that_version_makes_it_champion(place: Any) -> None:
    place.register("first", "two", "two")
    done = registry.promote("first", 1, place.evaluate("first", 1), by="ada")
    assert (done.version, done.previous, done.by) == ("1", None, "ada")
    assert place.aliases("first") == {"champion": "1"}
    report = place.evaluate("first", 2)
    registry.promote("first", 2, report, by="grace")
    assert place.aliases("first") == {"champion": "2", "previous_champion": "1"}
    tags = place.workspace.client.get_model_version("first", "2").tags
    assert tags["mlops_lab.promoted_by"] == "grace"
    assert tags["mlops_lab.verdict"] == "pass"
    run = place.workspace.client.get_run(tags["mlops_lab.report_run"])
    assert run.data.tags["mlops_lab.report"] == tags["mlops_lab.promoted_report"]
    trail = registry.history("first")
    assert trail["champion"].tolist() == ["1", "2"]
    assert trail["by"].tolist() == ["ada", "grace"]
    assert trail["settled"].all()


def test_rollback_changes_places_and_back(place: Any) -> None:
    place.register("back", "two", "two")
    with pytest.raises(PromotionRefused, match="no previous champion"):
        registry.rollback("back")
    for version in (1, 2):
        registry.promote("back", version, place.evaluate("back", version))
    assert registry.rollback("back", by="ada").version == "1"
    assert place.aliases("back") == {"champion": "1", "previous_champion": "2"}
    registry.rollback("back")
    assert place.aliases("back") == {"champion": "2", "previous_champion": "1"}
    assert registry.history("back")["action"].tolist() == ["promote", "promote", "rollback", "rollback"]


def test_an_alias_names_the_version_and_asking_twice_moves_nothing(place: Any) -> None:
    place.register("twice", "two", "two")
    place.workspace.client.set_registered_model_alias("twice", "champion", "1")  # by hand, before there was a gate
    place.workspace.client.set_registered_model_alias("twice", "challenger", "2")
    report = place.evaluate("twice", 2)
    first = registry.promote("twice", "@challenger", report)
    assert place.aliases("twice") == {"champion": "2", "previous_champion": "1", "challenger": "2"}
    assert registry.promote("twice", 2, report) == first
    assert len(registry.history("twice")) == 1


@pytest.fixture(scope="module")
def refusals(shared: Any) -> dict[str, Any]:
    """Make each report that must not let version 2 of `refused` through."""
    shared.workspace.use()
    shared.register("refused", "two", "two", "three")
    shared.workspace.client.set_registered_model_alias("refused", "champion", "1")
    good = shared.evaluate("refused", 2)
    made = {
        "failing": shared.evaluate("refused", 2, shared.hard),
        "partial": replace(good, partial=True),
        "empty": replace(good, results=()),
        "older": replace(good, created=good.created - timedelta(days=1)),
        "of another model": shared.evaluate("refused", 3, kind="three"),
        "in memory": shared.easy.run(shared.models["two"], shared.frame, shared.targets["two"], progress=False),
    }
    return made


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("failing", r"Version 2 of 'refused' is not promoted: the verdict is fail \(perturbation:age \(fail\)\)"),
        ("partial", "the run was stopped after 900 rows; let it run to its end"),
        ("empty", "the verdict is inconclusive"),
        ("older", r"the report is of .* and the version of .*; evaluate 'models:/refused/2' again"),
        ("of another model", "the report is about another model, MLflow model .*; evaluate 'models:/refused/2'"),
        ("in memory", "is about a model in memory .*; evaluate 'models:/refused/2', or pass data="),
    ],
)
def test_a_report_that_proves_nothing_moves_nothing(
    place: Any, refusals: dict[str, Any], kind: str, sentence: str
) -> None:
    with pytest.raises(PromotionRefused, match=sentence) as caught:
        registry.promote("refused", 2, refusals[kind])
    assert "\n" not in str(caught.value)
    assert place.aliases("refused") == {"champion": "1"}
    assert registry.history("refused").empty


def test_a_model_in_memory_is_known_by_its_answers(place: Any) -> None:
    place.register("memory", "two", "three")
    report = place.easy.run(place.models["two"], place.frame, place.targets["two"], progress=False)
    with pytest.raises(PromotionRefused, match="does not answer the first rows"):
        registry.promote("memory", 2, report, data=place.frame)
    with pytest.raises(PromotionRefused, match="does not answer the first rows"):
        registry.promote("memory", 1, report, data=place.frame.iloc[300:])
    assert registry.promote("memory", 1, report, data=place.frame).version == "1"


def test_a_report_from_its_file_and_logged_before_is_not_logged_again(place: Any, tmp_path: Path) -> None:
    place.register("file", "two")
    report = place.evaluate("file", 1)
    run = report.log_to_mlflow().removeprefix("runs:/")
    path = report.to_json(tmp_path / "report.json")
    assert registry.promote("file", 1, path).report_run == run


def test_whoever_compared_with_another_champion_moves_nothing(place: Any) -> None:
    place.register("compared", "two", "two", "two")
    registry.promote("compared", 1, place.evaluate("compared", 1))
    report = place.evaluate("compared", 3)
    registry.promote("compared", 2, place.evaluate("compared", 2), replaces=1)
    with pytest.raises(PromotionLost, match="was to replace version 1, and the champion is version 2 by now"):
        registry.promote("compared", 3, report, replaces=1)
    assert place.aliases("compared") == {"champion": "2", "previous_champion": "1"}


@pytest.mark.parametrize(
    ("name", "version", "sentence"),
    [
        ("nearst", 1, "has no model 'nearst'; the nearest is 'nearest'"),
        ("nearest", 7, "has no version '7'; there is 1"),
        ("nearest", "chalenger", "has no alias 'chalenger'; the nearest is 'challenger'"),
    ],
)
def test_what_does_not_exist_is_answered_with_the_nearest(
    place: Any, name: str, version: int | str, sentence: str
) -> None:
    client = place.workspace.client
    if not client.search_registered_models("name='nearest'"):
        place.register("nearest", "two")
        client.set_registered_model_alias("nearest", "challenger", "1")
    with pytest.raises(RegistryError, match=sentence):
        registry.promote(name, version, place.evaluate("nearest", 1))
    with pytest.raises(RegistryError, match="has no model 'nearst'"):
        registry.rollback("nearst")


def test_a_registry_that_does_not_answer_is_said_within_seconds(place: Any, refusals: dict[str, Any]) -> None:
    import mlflow

    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes calls and never answers
        mlflow.set_tracking_uri(f"http://ada:secret@127.0.0.1:{silent.getsockname()[1]}")
        mlflow.set_registry_uri(mlflow.get_tracking_uri())
        began = time.monotonic()
        with pytest.raises(RegistryError, match=r"does not answer .*; start it, or set MLFLOW_TRACKING_URI") as caught:
            registry.promote("refused", 2, refusals["failing"])
        assert time.monotonic() - began < 10  # the promise itself, not a measure of this machine
    assert "secret" not in str(caught.value)


def test_a_log_that_is_not_ours_is_left_alone(place: Any) -> None:
    place.register("taken", "two")
    place.register("taken_promotions", "two")
    with pytest.raises(RegistryError, match="'taken_promotions' is not ours"):
        registry.promote("taken", 1, place.evaluate("taken", 1))
    assert place.aliases("taken") == {}


@pytest.fixture(scope="module")
def promoters() -> Iterator[list[Promoter]]:
    """Start three processes: two rivals, and a victim."""
    with started(3) as processes:
        yield processes


@pytest.mark.slow
@pytest.mark.parametrize("moves", [0, 1])
def test_a_promoter_that_is_killed_half_way_is_finished_by_the_next_call(
    place: Any, promoters: list[Promoter], tmp_path: Path, moves: int
) -> None:
    name = f"killed_{moves}"
    place.register(name, "two", "two", "two")
    registry.promote(name, 1, place.evaluate(name, 1))
    path = place.evaluate(name, 2).to_json(tmp_path / "report.json")
    order(promoters[2], moves=moves, address=place.workspace.uri, name=name, version=2, report=str(path), by="ada")
    assert answer(promoters[2]) == "killed"
    assert place.aliases(name) == ({"champion": "1", "previous_champion": "1"} if moves else {"champion": "1"})
    assert registry.history(name)["settled"].tolist() == [True, False]
    if moves:
        finished = registry.repair(name)
        assert finished is not None
        assert (finished.version, finished.previous, finished.by) == ("2", "1", "ada")
        assert place.aliases(name) == {"champion": "2", "previous_champion": "1"}
    else:
        registry.promote(name, 3, place.evaluate(name, 3))
        assert place.aliases(name) == {"champion": "3", "previous_champion": "2"}
    assert registry.history(name)["settled"].all()


def race_at(place: Any, address: str, rivals: list[Promoter], folder: Path, rounds: int) -> list[list[str]]:
    """Register three versions, make the first champion, and let the others race."""
    name = f"race_{address.partition(':')[0]}"
    place.register(name, "two", "two", "two")
    reports = {str(one): place.evaluate(name, one).to_json(folder / f"{one}.json") for one in (1, 2, 3)}
    registry.promote(name, 1, ev.Report.from_json(reports["1"]))
    return race(name, address, rivals, reports, lambda: place.aliases(name), rounds)


@pytest.mark.slow
def test_of_two_promoters_at_once_exactly_one_wins(place: Any, promoters: list[Promoter], tmp_path: Path) -> None:
    outcomes = race_at(place, place.workspace.uri, promoters[:2], tmp_path, rounds=50)
    assert ["lost", "won"] in [sorted(one) for one in outcomes[::2]]  # they did meet, also without `replaces`


@pytest.mark.slow
def test_of_two_promoters_on_a_real_server_exactly_one_wins(
    place: Any, server: Server, promoters: list[Promoter], tmp_path: Path
) -> None:
    outcomes = race_at(place, server.url, promoters[:2], tmp_path, rounds=20)
    assert ["lost", "won"] in [sorted(one) for one in outcomes[::2]]
