import threading

import pytest

from mlops_lab.evaluation.prefetch import ahead


def readers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("mlops_lab.ahead")]


def test_the_next_item_is_made_while_the_last_one_is_used():
    made = [threading.Event() for _ in range(3)]

    def items():
        for number, event in enumerate(made):
            event.set()
            yield number

    for number in ahead(items()):
        if number < 2:
            assert made[number + 1].wait(timeout=10)


def test_never_more_than_one_item_is_made_ahead():
    made = []

    def items():
        for number in range(20):
            made.append(number)
            yield number

    for number in ahead(items()):
        assert len(made) <= number + 2


def test_an_error_of_the_reader_comes_after_the_items_before_it():
    def items():
        yield 1
        raise OSError("the disk is gone")

    stream = ahead(items())
    assert next(stream) == 1
    with pytest.raises(OSError, match="disk is gone"):
        next(stream)
    assert not readers()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_whoever_stops_early_leaves_no_thread_and_closes_the_source(error):
    closed = []

    def items():
        try:
            yield from range(1000)
        finally:
            closed.append(True)

    def use():
        for number in ahead(items()):
            if number == 3:
                raise error

    with pytest.raises(error):
        use()
    assert not readers()
    assert closed == [True]
