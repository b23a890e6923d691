"""The process in which a student's code runs: started by `submission`, never by hand.

It runs the cells of a submission, says which functions they define, and then calls those that it
is asked to.  Only data goes back.
"""

import ast
import contextlib
import os
import pickle
import re
import struct
import sys
import types
from collections.abc import Callable, Container
from pathlib import Path
from typing import Any, BinaryIO

from labkit.checks.engine.deadline import Late, deadline
from labkit.checks.engine.plain_data import LARGEST, dumps
from labkit.checks.engine.trial import Failure, Trial, one_line
from labkit.errors import WithheldError

# Within a line: `\s*` would try each of a thousand blank lines from each of them.
MAGIC = re.compile(r"^[ \t]*(?:%{1,2}[A-Za-z_]|!(?!=)).*$", re.MULTILINE)
_DEFINES = re.compile(r"^def (\w+)", re.MULTILINE)


def read_frame(stream: BinaryIO, largest: int = 2 * LARGEST) -> bytes:
    """One message: 8 bytes of length, then as many bytes, not more than `largest`.

    Raises:
        EOFError: the other side has ended.
        ValueError: it sends something else.
    """
    head = stream.read(8)
    if len(head) < 8:
        raise EOFError
    (length,) = struct.unpack(">Q", head)
    if length > largest:
        raise ValueError("no message of the worker")
    content = stream.read(length)
    if len(content) < length:
        raise EOFError
    return content


def write_frame(stream: BinaryIO, content: bytes) -> None:
    """Send one message, see `read_frame`."""
    stream.write(struct.pack(">Q", len(content)) + content)
    stream.flush()


def cells(path: Path) -> list[str]:
    """Code cells of a notebook or of a .py file (py:percent, or one cell).

    Raises:
        Exception: the file cannot be read; what exactly depends on what is wrong with it.
    """
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        import nbformat

        notebook = nbformat.reads(text, as_version=4)
    else:
        import jupytext

        notebook = jupytext.reads(text, fmt="py:percent")
    return [without_magics(cell.source) for cell in notebook.cells if cell.cell_type == "code"]


def without_magics(source: str) -> str:
    """The code of a cell without the lines that IPython alone reads, such as `%time` or `!ls`.

    What Python reads stays as it is: a line of a longer expression may begin with % or !=.
    """
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return MAGIC.sub("", source)
    return source


def _without_checks() -> None:
    """Cells call the checks and draw pictures; here that would only take time."""
    from labkit import checks

    checks.check = lambda *_: None
    checks.works = lambda *_: False
    checks.points = lambda *_, **__: 0.0


def _run(
    path: Path, began: Callable[[int], None], seconds: float, without: Container[int]
) -> tuple[dict[str, Any], list[list], dict[str, str]]:
    """Names that the cells define, [number of the cell, error] of those that raise, and lost names.

    A function counts as defined although a later cell gives its name to something else, as trials
    do (`sweep = sweep(model)`): each check follows the cell of its function.  A function is lost
    where its cell gave none; that cells behind miss it is no error of theirs.
    """
    os.environ.setdefault("MPLBACKEND", "Agg")
    _without_checks()
    module = types.ModuleType("submission")
    sys.modules["submission"] = module
    names = vars(module)
    functions: dict[str, Any] = {}
    errors: list[list] = []
    lost: dict[str, str] = {}
    for number, source in enumerate(cells(path), start=1):
        if number in without:
            lost |= _lost(number, source, names, "was left out")
            continue
        began(number)
        try:
            code = compile(source, f"<cell {number}>", "exec")
            with deadline(seconds):
                exec(code, names)
        except WithheldError as error:
            _go_on(source, error, names, seconds)
        except Late:
            errors.append([number, f"had not ended after {seconds:g} s"])
            lost |= _lost(number, source, names, errors[-1][1])
        except BaseException as error:
            if isinstance(error, NameError) and str(error.name) in lost:
                continue
            # An exercise that is left open raises nothing here: its function is only defined.
            text = one_line(error)
            errors.append([number, type(error).__name__ + (f": {text}" if text else "")])
            lost |= _lost(number, source, names, f"raised {errors[-1][1]}")
        functions |= {name: value for name, value in names.items() if callable(value)}
    return names | functions, errors, lost


def _lost(number: int, source: str, names: Container[str], why: str) -> dict[str, str]:
    """The functions that code cell `number` should have given, each with what became of it."""
    said = f"code cell {number}, which should define it, {why}"
    return {name: said for name in _DEFINES.findall(source) if name not in names}


def _go_on(source: str, error: WithheldError, names: dict[str, Any], seconds: float) -> None:
    """Run what stands behind a statement that needs a part of labkit that is withheld.

    That is a picture or a table, which earns nothing; what it would have given is missing from
    then on, so that errors behind it say nothing about the student.
    """
    trace, line = error.__traceback__, 0
    while trace is not None:
        line = trace.tb_lineno if trace.tb_frame.f_globals is names and not line else line
        trace = trace.tb_next
    for statement in ast.parse(source).body:
        if statement.lineno > line:
            with contextlib.suppress(BaseException), deadline(seconds):
                exec(compile(ast.Module([statement], []), "<cell>", "exec"), names)


def main() -> None:
    """Serve calls until the other side closes the pipe."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    serve(Path(sys.argv[1]), requests, replies, without=[int(n) for n in sys.argv[2:]])


def serve(
    path: Path,
    requests: BinaryIO,
    replies: BinaryIO,
    seconds: float = 180.0,
    without: Container[int] = (),
) -> None:
    """Run the cells of the file at `path`, then serve calls until `requests` ends.

    A cell has `seconds`; the code cells numbered in `without`, from 1, are left out.  A message
    says which cell begins: the other side then knows which one ended the process.
    """
    # What students print or ask for has nothing to do with the messages.
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)

    def began(number: int) -> None:
        write_frame(replies, dumps({"cell": number}))

    try:
        names, errors, lost = _run(path, began, seconds, without)
        write_frame(replies, dumps({"names": sorted(map(str, names)), "errors": errors}))
    except Exception as error:
        names, lost = {}, {}
        text = f"{type(error).__name__}: {one_line(error)}"
        write_frame(replies, dumps({"names": [], "errors": [[0, text]]}))
    trials: dict[str, Trial] = {}
    while True:
        try:
            name, forbids, seconds, arguments = pickle.loads(read_frame(requests))
        except EOFError:
            return
        write_frame(replies, dumps({"received": name}))
        if name not in trials:
            missing = lost.get(name, "no cell defines it")
            trials[name] = Trial(names.get(name), name, forbids, seconds, missing)
        write_frame(replies, _answer(trials[name], arguments))


def _answer(trial: Trial, arguments: tuple) -> bytes:
    """Value, arguments as they are after the call, or the reason why there is no value."""
    reply: dict[str, Any] = {"value": None, "problem": None, "anywhere": False}
    try:
        reply["value"] = trial(*arguments)
    except Failure as failure:
        reply |= {"problem": str(failure), "anywhere": failure.anywhere}
    reply |= {"forbidden": trial.forbidden, "noise": trial.noise, "after": arguments}
    try:
        return dumps(reply)
    except BaseException as error:  # the value's class has code of its own, or it is endless
        text = f"looking at the result raised {type(error).__name__}: {one_line(error)}"
        return dumps(reply | {"value": None, "after": None, "problem": text})


if __name__ == "__main__":
    main()
