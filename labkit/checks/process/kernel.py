"""IPython's own shell, which runs cells as a kernel does: its language, its names, its order.

What a kernel would show, draw in a window or hand to a shell is passed over.
"""

import ast
import asyncio
import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from IPython.utils.text import SList
from traitlets import Type
from traitlets.config import Config

from labkit.errors import WithheldError

_NOT_FOUND = 127  # the exit code of a shell that does not find a command
_INSTALLERS = ("pip", "conda", "mamba", "micromamba", "uv")
_SCRIPTS = ("script", "bash", "sh", "perl", "ruby", "pypy", "python", "python2", "python3")


class _Hook(DisplayHook):
    """Keeps `_` and `Out` as IPython does; nobody looks at the values."""

    def compute_format_data(self, result: Any) -> tuple[dict, dict]:
        return {}, {}

    def write_format_data(self, *_: Any, **__: Any) -> None:
        pass


class _Publisher(DisplayPublisher):
    def publish(self, *_: Any, **__: Any) -> None:
        pass

    def clear_output(self, wait: bool = False) -> None:
        pass


class Shell(InteractiveShell):
    """IPython in this process, without screen, history on disk, shell commands and windows.

    `raised` is what ended the cell that ran last, or None; `passed_over` holds the shell commands
    and installing lines of that cell.
    """

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)

    def __init__(self, **more: Any) -> None:
        self.raised: BaseException | None = None
        self.passed_over: list[str] = []
        self._withheld = False
        super().__init__(**more)
        self.set_hook("show_in_pager", lambda *_, **__: None, 0)
        for name in _INSTALLERS:
            self._pass_over_magic(name, "line")
        for name in _SCRIPTS:
            self._pass_over_magic(name, "cell")

    def _pass_over_magic(self, name: str, kind: str) -> None:
        def magic(line: str, cell: str | None = None) -> None:
            self.system(f"{'%' if cell is None else '%%'}{name} {line}")

        self.register_magic_function(magic, kind, name)

    async def run_code(
        self, code_obj: CodeType, result: ExecutionResult | None = None, *, async_: bool = False
    ) -> bool:
        """Run one statement of a cell; returns whether the cell ends with it.

        A statement that needs a part of labkit that is withheld ends nothing: it is a picture or a
        table, which earns nothing. What it would have given is missing from then on, so that
        errors behind it in the cell say nothing about the student.
        """
        _forgive_backends()
        failed = await super().run_code(code_obj, result, async_=async_)
        if failed and result is not None:
            self._withheld |= isinstance(result.error_in_exec, WithheldError)
            if self._withheld and isinstance(result.error_in_exec, Exception):
                result.error_in_exec = self.raised = None
                return False
        return failed

    def showtraceback(self, *_: Any, **__: Any) -> None:
        """Note the exception; `%%time` and its like tell of it in no other way."""
        self.raised = sys.exc_info()[1] or self.raised

    showsyntaxerror = showindentationerror = showtraceback

    def system(self, cmd: str) -> None:
        """Pass over a shell command, which ends as one that is not there."""
        self.passed_over.append(cmd)
        self.user_ns["_exit_code"] = _NOT_FOUND

    system_piped = system_raw = system

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> SList | str:
        """What a shell says of a command that is not there."""
        self.system(cmd)
        said = f"sh: {(cmd.split() or [''])[0]}: not found"
        return SList([said]) if split else said

    def enable_gui(self, gui: str | None = None) -> None:
        """No window is opened."""

    def enable_matplotlib(self, gui: str | None = None) -> tuple[str, str]:
        """Pictures are drawn into memory, whatever was asked for."""
        return "agg", "agg"

    def ask_exit(self) -> None:
        """`exit` and `quit` end no cell and no process."""

    def init_virtualenv(self) -> None:
        """The environment is the one that runs this."""


class Kernel:
    """Runs cells in order, in one namespace, which is that of the module `__main__`."""

    def __init__(self) -> None:
        # A folder of its own: that of the user has settings, which no kernel of a grader has.
        self._folder = tempfile.TemporaryDirectory(prefix=".kernel-", ignore_cleanup_errors=True)
        settings = Config()
        settings.HistoryManager.enabled = False
        self.shell = Shell.instance(ipython_dir=self._folder.name, config=settings)
        self._loop = asyncio.new_event_loop()

    @property
    def names(self) -> dict[str, Any]:
        """The names that cells have defined so far, and IPython's own."""
        return self.shell.user_ns

    def transformed(self, source: str) -> str:
        """A cell as Python: as it is where it is Python already.

        IPython would leave it so, but takes long, and longer where a cell has patched `any`.

        Raises:
            Exception: IPython cannot read it.
        """
        try:
            ast.parse(source)
        except Exception:
            return self.shell.transform_cell(source)
        return source

    def run(self, source: str) -> BaseException | None:
        """Run a cell as it stands in a notebook; returns what ended it early, or None.

        As in a kernel an event loop runs meanwhile.
        """
        shell = self.shell
        shell.raised, shell.passed_over, shell._withheld = None, [], False
        code, unread = source, None
        try:
            code = self.transformed(source)
        except Exception:
            unread = sys.exc_info()
        try:
            result = self._loop.run_until_complete(
                shell.run_cell_async(
                    source,
                    store_history=True,
                    transformed_cell=code,
                    preprocessing_exc_tuple=unread,
                )
            )
        except BaseException as error:  # it rang while IPython waited, or a cell broke IPython
            self._loop = asyncio.new_event_loop()
            return error
        return result.error_before_exec or result.error_in_exec or shell.raised

    @contextlib.contextmanager
    def around_calls(self) -> Iterator[None]:
        """What IPython puts around the code of a cell, for a call into a function of one."""
        with self.shell.builtin_trap, self.shell.display_trap:
            yield


def _forgive_backends() -> None:
    """Let a cell ask matplotlib for windows, which there are none of; it goes on without."""
    matplotlib, pyplot = (sys.modules.get(f"matplotlib{end}") for end in ("", ".pyplot"))
    if hasattr(matplotlib, "use") and getattr(matplotlib.use, "__module__", "") != __name__:
        matplotlib.use = _no_window
        with contextlib.suppress(Exception):
            matplotlib.rcParams["backend"] = "Agg"
    switch = getattr(pyplot, "switch_backend", None)
    if switch is not None and switch.__module__ != __name__:
        pyplot.switch_backend = _to_memory(switch)


def _no_window(backend: str, *, force: bool = True) -> None:
    """In the place of `matplotlib.use`."""


def _to_memory(switch: Callable[[str], None]) -> Callable[[str], None]:
    def switch_backend(newbackend: str) -> None:
        switch("agg")

    return switch_backend
