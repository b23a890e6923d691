"""Judge what a function returned by a description of it in plain data."""

from collections.abc import Callable
from typing import Any

from labkit.checks.engine.trial import Failure, Trial


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
        result = self._trial(*arguments)
        try:
            return self._look(result, self.after)
        except Failure:
            raise
        except BaseException as error:  # looking at the result may run code of its class
            raise Failure(f"looking at the result raised {type(error).__name__}") from None
