"""Judge what a function returned by a description of it in plain data."""

from collections.abc import Callable
from typing import Any

from labkit.checks.trial import Trial


class Looking:
    """A trial whose results are replaced by what `look(result, arguments)` says of them.

    `look` may raise `Failure` where the result cannot be described; it sees the arguments as the
    function left them.
    """

    def __init__(self, trial: Trial, look: Callable[[Any, tuple], Any]) -> None:
        self.name = trial.name
        self._trial, self._look = trial, look

    @property
    def after(self) -> tuple[Any, ...]:
        """The arguments of the last call as the function left them."""
        return self._trial.after

    def __call__(self, *arguments: Any) -> Any:
        """Call the function and return the description of its result."""
        return self._look(self._trial(*arguments), self.after)
