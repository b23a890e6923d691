"""A clock and work that takes time on it, so that a timing can be checked to the last digit."""


class Clock:
    """A clock that only moves when work is done: a call returns `now`, in seconds."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.readings = 0

    def __call__(self) -> float:
        """The time in seconds; reading it takes none, and is counted."""
        self.readings += 1
        return self.now


class Work:
    """Work whose calls take scripted `durations` on `clock`; later ones take the last of them."""

    def __init__(self, clock: Clock, durations: list[float]) -> None:
        self.clock, self.durations, self.calls = clock, durations, 0

    def __call__(self) -> None:
        """Let the clock run on by the duration of this call, and count it."""
        self.clock.now += self.durations[min(self.calls, len(self.durations) - 1)]
        self.calls += 1
