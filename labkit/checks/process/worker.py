"""The process in which a student's code runs: started by `submission`, never by hand.

It runs the cells of a submission up to the graded cell of an exercise, calls the function that is
asked for as it is there, and goes on.  Only data goes back.
"""

import contextlib
import os
import pickle
import re
import sys
from collections.abc import Container
from pathlib import Path
from typing import Any, BinaryIO

from labkit.checks.engine.plain_data import dumps
from labkit.checks.engine.trial import Failure, Trial, one_line
from labkit.checks.process.arguments import unpack_arguments
from labkit.checks.process.cells import Run
from labkit.checks.process.frames import read_frame, write_frame
from labkit.checks.process.sources import cells

_UNDEFINED = re.compile(r"name '(\w+)' is not defined")


def _without_checks() -> None:
    """Cells call the checks and draw pictures; here that would only take time."""
    from labkit import checks

    checks.check = lambda *_: None
    checks.works = lambda *_: False
    checks.points = lambda *_, **__: 0.0


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
    """Serve what comes over `requests`, until it ends, for the file at `path`.

    ("run", number) runs the cells before that code cell, counted from 1; ("call", name, forbids,
    seconds, arguments) calls a function.  A cell has `seconds`; the code cells numbered in
    `without` are left out.  A message says which cell begins: the other side then knows which one
    ended the process.
    """
    # What students print or ask for has nothing to do with the messages.
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.environ.setdefault("MPLBACKEND", "Agg")
    _without_checks()
    run, broken = None, []
    try:
        run = Run(cells(path), seconds, without)
        # Behind all others: what lies in the folder stands in for no module of a library.
        sys.path.append(str(Path.cwd()))
    except Exception as error:
        broken = [[0, f"{type(error).__name__}: {one_line(error)}"]]
    trials: dict[str, Trial] = {}
    while True:
        try:
            kind, *request = pickle.loads(read_frame(requests))
        except EOFError:
            return
        if kind == "run":
            trials = {}
            if run is not None:
                run.until(request[0], lambda number: write_frame(replies, dumps({"cell": number})))
            errors = broken if run is None else run.errors
            passed_over = [] if run is None else run.passed_over
            write_frame(replies, dumps({"errors": errors, "passed_over": passed_over}))
            continue
        name, forbids, limit, packed = request
        arguments = unpack_arguments(packed)
        write_frame(replies, dumps({"received": name}))
        if name not in trials:
            function = None if run is None else run.function(name)
            missing = "no cell defines it" if run is None else run.lost.get(name, "")
            missing = missing or "no cell defines it"
            trials[name] = Trial(function, name, forbids, limit, missing)
        write_frame(replies, _answer(trials[name], arguments, run))


def _answer(trial: Trial, arguments: tuple, run: Run | None) -> bytes:
    """Value, arguments as they are after the call, or the reason why there is no value."""
    reply: dict[str, Any] = {"value": None, "problem": None, "anywhere": False}
    try:
        with run.kernel.around_calls() if run else contextlib.nullcontext():
            reply["value"] = trial(*arguments)
    except Failure as failure:
        problem = str(failure)
        if run and (found := _UNDEFINED.search(problem)) and found[1] in run.lost:
            problem += f" ({run.lost[found[1]]})"
        reply |= {"problem": problem, "anywhere": failure.anywhere}
    reply |= {"forbidden": trial.forbidden, "noise": trial.noise, "left": trial.left}
    reply["after"] = arguments
    try:
        return dumps(reply)
    except BaseException as error:  # the value's class has code of its own, or it is endless
        text = f"looking at the result raised {type(error).__name__}: {one_line(error)}"
        return dumps(reply | {"value": None, "after": None, "problem": text})


if __name__ == "__main__":
    main()
