"""An alarm rings once, when it was set for, unless it is cleared before."""

import threading

from labkit.checks.process.alarm import Alarm


def test_it_rings_once_and_can_be_set_again():
    alarm, rang, done = Alarm(), [], threading.Event()
    alarm.set(3600, lambda: rang.append("too long"))
    alarm.clear()
    for number in range(3):  # sooner than what its thread sleeps for
        done.clear()
        alarm.set(0.01, lambda number=number: (rang.append(number), done.set()))
        assert done.wait(60)
    alarm.close()
    assert rang == [0, 1, 2]


def test_what_is_cleared_does_not_ring():
    alarm, rang, done = Alarm(), [], threading.Event()
    for _ in range(100):
        alarm.set(0.001, lambda: rang.append("cleared"))
        alarm.clear()
        rang.clear()  # it may have rung before it was cleared, and not after
    alarm.set(0.05, done.set)
    assert done.wait(60)
    assert not rang
    alarm.close()


def test_its_thread_ends():
    before = set(threading.enumerate())
    alarm = Alarm()
    alarm.set(3600, lambda: None)
    (thread,) = set(threading.enumerate()) - before
    alarm.close()
    thread.join(60)
    assert not thread.is_alive()


def test_a_ring_that_fails_is_not_the_last(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    alarm, done = Alarm(), threading.Event()
    alarm.set(0, lambda: 1 / 0)
    alarm._thread.join(60)
    alarm.set(0, done.set)
    assert done.wait(60)
    alarm.close()
