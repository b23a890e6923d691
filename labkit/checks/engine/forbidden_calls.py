"""Notice calls that an exercise forbids, under whatever name they were imported."""

import importlib.util
import os
import threading
from types import FrameType

ALWAYS = ("labkit",)
"""What no exercise allows: labkit has the answers, its checks the reference solutions."""

_HIDING = {"setprofile", "fork", "forkpty", "fork_exec", "_fork_exec", "posix_spawn"}
_STARTING = {"start_new_thread", "_start_joinable_thread"}  # unwatched, unless threading does it
_AWAY = frozenset(_HIDING | _STARTING)  # looked into at each call in C
_THREADING = threading.__file__
_HERE = os.path.dirname(__file__) + os.sep  # noqa: PTH120 - compared as strings
_TRIAL = _HERE + "trial.py"
_MACHINERY = ("deadline.py", "quiet.py", "forbidden_calls.py")
# IPython's shell as the cells have it: `display` in a function passes through it.
_KERNEL = os.path.join(os.path.dirname(os.path.dirname(__file__)), "process", "kernel.py")  # noqa: PTH118, PTH120
_LENT = os.path.join(os.path.dirname(os.path.dirname(__file__)), "lent") + os.sep  # noqa: PTH118, PTH120


def _allowed(filename: str) -> bool:
    """Files of labkit whose code may run during a student's call.

    Printing and deadlines pass through some; what a check hands to the function is there to be
    called.
    """
    machinery = filename in (_TRIAL, _KERNEL, *(_HERE + name for name in _MACHINERY))
    return machinery or filename.startswith(_LENT)


class Watch:
    """A profile function (`sys.setprofile`) that records the first call to one of `forbidden`.

    A name such as `sklearn` is a module: the watch looks at the file that the running code comes
    from, so an alias, a copied function object or a method of a class in the module is noticed as
    well.  Importing a module is no call.  A name such as `to_sparse_csr()` is a function or method
    written in C, which has no file.  What is forbidden `ALWAYS` need not be named.  Calls that lead
    out of the watch's sight count as forbidden: another process, a thread that `threading` does
    not start, another profile function.  `seen` is None or the name of the function, such as
    `torch.nn.utils.prune.l1_unstructured`.
    """

    def __init__(self, forbidden: tuple[str, ...] = ()) -> None:
        self.seen: str | None = None
        self.hides = False  # what was seen answers nothing, it leads out of sight
        self._modules = {}
        self._functions = {name.removesuffix("()") for name in forbidden if name.endswith("()")}
        for name in (*ALWAYS, *forbidden):
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
        if self.seen is not None:
            return
        if event == "c_call":
            name = getattr(argument, "__name__", "")
            if name in _AWAY:
                self.hides = self._leads_away(name, frame)
            if self.hides or name in self._functions:
                self.seen = name
        elif event == "call":
            code = frame.f_code
            if code.co_name == "setprofile" and code.co_filename == _THREADING:
                self.hides = not _allowed(frame.f_back.f_code.co_filename)
                self.seen = "threading.setprofile" if self.hides else None
            owner = self._owner(code.co_filename)
            if owner is not None and self.seen is None and not self._importing(frame):
                self.seen = f"{owner}: {code.co_qualname}"

    @staticmethod
    def _leads_away(name: str, frame: FrameType) -> bool:
        """Whether a call in C leads out of sight: to a process or thread, or ends the watch.

        A library that looks at the machine when it is imported may do so by another program.
        """
        caller = frame.f_code.co_filename
        if name not in _AWAY or caller == _THREADING or _allowed(caller):
            return False
        while frame is not None and frame.f_code.co_filename != _TRIAL:
            if frame.f_code.co_qualname == "<module>":
                return False
            frame = frame.f_back
        return True

    def _owner(self, filename: str) -> str | None:
        """Name of the forbidden module that `filename` belongs to."""
        if filename not in self._owners:
            places = () if _allowed(filename) else self._modules.items()
            self._owners[filename] = next(
                (
                    name
                    for place, name in places
                    if filename == place or (place.endswith(os.sep) and filename.startswith(place))
                ),
                None,
            )
        return self._owners[filename]

    def _importing(self, frame: FrameType) -> bool:
        """Whether the call serves an import: module bodies, and what they run, are no answer.

        Between a body and what it runs may stand other code: a decorator, a metaclass.
        """
        while frame is not None and frame.f_code.co_filename != _TRIAL:
            body = frame.f_code.co_qualname in ("<module>", "__getattr__")
            if body and self._owner(frame.f_code.co_filename):
                return True
            frame = frame.f_back
        return False
