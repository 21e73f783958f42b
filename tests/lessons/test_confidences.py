"""The learner's own reliability diagram: with no prediction, with three, and with many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlops_lab.lessons.card import Picture
from mlops_lab.lessons.confidences import ENOUGH, confidences_card, counted, curve_of, simulated_class
from mlops_lab.lessons.lesson import Lesson
from mlops_lab.lessons.progress import Record, empty


def record_of(predictions: list[tuple[float, bool]]) -> Record:
    record = empty()
    for place, (confidence, right) in enumerate(predictions):
        part: dict[str, Any] = {
            "given": [{"answer": "yes", "confidence": confidence, "at": "2026-05-01T09:00"}],
            "measured": "yes",
            "measured_at": "2026-05-01T09:05",
            "right": right,
        }
        lesson = record["lessons"].setdefault(f"{place % 5:02d}_lesson", {"predictions": {}})
        lesson["predictions"][f"q{place}"] = part
    return record


def test_nobody_has_predicted_yet() -> None:
    text = confidences_card(empty()).text
    assert "None of your predictions can be counted yet" in text
    assert "Simulated:" in text
    assert "nobody who exists" in text
    assert "Blue: your own" not in text


def test_three_calibrate_nobody() -> None:
    text = confidences_card(record_of([(90, True), (60, False), (50, True)])).text
    assert "You made ‹3› predictions that count, ‹67\N{NO-BREAK SPACE}%› sure on average; ‹2› were right." in text
    assert "nothing can be said of you" in text
    assert "Simulated:" in text
    assert "Said, came true, and how many predictions: ‹67%: 67% (3)›" in text


def test_one_is_said_in_the_singular() -> None:
    assert "You made ‹1› prediction that counts" in confidences_card(record_of([(90, True)])).text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right_of_ten", "words"), [(9, "can be used as a probability"), (3, "is off, and not by chance")]
)
def test_many_are_judged_by_their_interval_and_need_no_class(right_of_ten: int, words: str) -> None:
    many = [(90.0, place % 10 < right_of_ten) for place in range(400)]
    card = confidences_card(record_of(many))
    assert "You made ‹400› predictions" in card.text
    assert words in card.text
    assert "imulated" not in card.text


def test_with_some_it_cannot_tell_yet() -> None:
    some = [(float(10 * (place % 10)), place % 3 == 0) for place in range(20)]
    assert "can't tell yet whether you are calibrated" in confidences_card(record_of(some)).text


@pytest.mark.slow
def test_the_class_goes_where_there_are_enough() -> None:
    assert "imulated" in confidences_card(record_of([(70.0, True)] * (ENOUGH - 1))).text
    assert "imulated" not in confidences_card(record_of([(70.0, True)] * ENOUGH)).text


def test_only_what_was_predicted_before_the_measurement_counts() -> None:
    record = record_of([(90, True), (80, False), (70, True), (60, True)])
    parts = [part for lesson in record["lessons"].values() for part in lesson["predictions"].values()]
    parts[0]["given"][0]["at"] = "2026-05-01T09:06"  # after it was seen
    del parts[1]["right"], parts[1]["measured"], parts[1]["measured_at"]  # not measured yet
    parts[2]["right"] = None
    assert counted(record)["confidence"].tolist() == [0.6]


def test_a_lesson_without_predictions_is_no_hindrance() -> None:
    assert counted({"version": 1, "lessons": {"00_start_here": {"quiz": {}}}}).empty


@pytest.mark.slow
def test_the_card_is_a_picture_with_its_words() -> None:
    for count in (0, 3, 400):
        card = confidences_card(record_of([(70.0, place % 2 == 0) for place in range(count)]))
        assert isinstance(card.blocks[0], Picture)
        assert len(card.blocks[0].alt) > 60


def test_the_class_is_surer_than_it_is_right_and_always_the_same() -> None:
    group = simulated_class()
    assert group["learner"].nunique() == 200
    assert group["confidence"].mean() > group["right"].mean() + 0.05
    assert group["confidence"].between(0, 1).all()
    assert group.equals(simulated_class())
    curve = curve_of(group)
    assert (curve["observed"].iloc[-4:] < curve["band_low"].iloc[-4:]).all()


def test_what_was_predicted_in_a_lesson_comes_back(
    open_lesson: Callable[[], Lesson], capsys: pytest.CaptureFixture[str]
) -> None:
    here = open_lesson()
    here.predict("size", 6, 80)
    here.compare("size", 6.5)
    here.predict("coin", "heads", 60)
    here.compare("coin", "tails")
    capsys.readouterr()
    open_lesson().confidences()
    assert (
        "‹2› predictions that count, ‹70\N{NO-BREAK SPACE}%› sure on average; ‹1› were right" in capsys.readouterr().out
    )
