"""The check that no test leaves a thread behind does find one."""

import threading

from tests.helpers.threads import left_behind


def test_a_thread_that_goes_on_is_found() -> None:
    before = set(threading.enumerate())
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name="forgotten")
    thread.start()

    try:
        assert left_behind(before, patience_s=0.01) == [thread]
    finally:
        stop.set()
        thread.join()


def test_a_thread_on_its_way_out_is_waited_for() -> None:
    before = set(threading.enumerate())
    stop = threading.Event()
    threading.Thread(target=stop.wait).start()
    threading.Timer(0.01, stop.set).start()

    assert left_behind(before, patience_s=5.0) == []


def test_a_thread_that_was_there_before_is_nobodys_fault() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()

    try:
        assert left_behind(set(threading.enumerate()), patience_s=0.0) == []
    finally:
        stop.set()
        thread.join()
