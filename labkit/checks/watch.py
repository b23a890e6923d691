"""Notice calls that an exercise forbids, under whatever name they were imported."""

import importlib.util
import os
from types import FrameType

# Printing and deadlines pass through these files during a student's call; that is no shortcut.
_MACHINERY = frozenset(
    os.path.join(os.path.dirname(__file__), name)  # noqa: PTH118, PTH120 - compared as strings
    for name in ("quiet.py", "deadline.py", "trial.py", "watch.py")
)


class Watch:
    """A profile function (`sys.setprofile`) that records the first call to one of `forbidden`.

    A name such as `sklearn` is a module: the watch looks at the file that the running code comes
    from, so an alias, a copied function object or a method of a class in the module is noticed as
    well.  Importing a module is no call.  A name such as `to_sparse_csr()` is a function or method
    written in C, which has no file.  `seen` is None or the name of the function, such as
    `torch.nn.utils.prune.l1_unstructured`.
    """

    def __init__(self, forbidden: tuple[str, ...]) -> None:
        self.seen: str | None = None
        self._modules = {}
        self._functions = {name.removesuffix("()") for name in forbidden if name.endswith("()")}
        for name in forbidden:
            if name.endswith("()"):
                continue
            spec = importlib.util.find_spec(name)
            if spec is None or spec.origin is None:
                continue
            folder = os.path.dirname(spec.origin) + os.sep  # noqa: PTH120
            self._modules[folder if spec.submodule_search_locations else spec.origin] = name
        self._owners: dict[str, str | None] = {}

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        """Record a call; `sys.setprofile` calls this at each call and return."""
        if event == "c_call" and self.seen is None and self._functions:
            name = getattr(argument, "__name__", "")
            self.seen = name if name in self._functions else None
        if event != "call" or self.seen is not None:
            return
        owner = self._owner(frame.f_code.co_filename)
        if owner is not None and not self._importing(frame):
            self.seen = f"{owner}: {frame.f_code.co_qualname}"

    def _owner(self, filename: str) -> str | None:
        """Name of the forbidden module that `filename` belongs to."""
        if filename not in self._owners:
            self._owners[filename] = next(
                (
                    name
                    for place, name in self._modules.items()
                    if filename == place or (place.endswith(os.sep) and filename.startswith(place))
                ),
                None,
            )
        return None if filename in _MACHINERY else self._owners[filename]

    def _importing(self, frame: FrameType) -> bool:
        """Whether the call serves an import: module bodies, and what they run, are no answer."""
        while frame is not None and self._owner(frame.f_code.co_filename):
            if frame.f_code.co_name in ("<module>", "__getattr__"):
                return True
            frame = frame.f_back
        return False
