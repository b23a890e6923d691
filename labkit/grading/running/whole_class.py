"""Grade many submissions on a Dask cluster; what is finished is kept at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from labkit.checks.registry import libraries_of
from labkit.cluster import connected
from labkit.errors import SourceError
from labkit.grading.running.finished import Store, key, lab_version
from labkit.grading.running.head_start import HeadStart, head_start
from labkit.grading.running.one_submission import not_graded
from labkit.grading.submissions.outcomes import Handed, Outcome

if TYPE_CHECKING:
    from distributed import Client

    from labkit.grading.running.worker_state import Place
    from labkit.grading.sandbox.limits import Limits

_SETTINGS = {
    # Workers that a submission may cost less one, where the scheduler is our own.
    "distributed.scheduler.allowed-failures": 2,
    # A notebook may be large; that is no mistake of the user's.
    "distributed.admin.large-graph-warning-threshold": "1GB",
}
_RETRIES = 2  # where a worker could start no process

Report = Callable[[str, int, int], None]


def grade_all(
    handed: Sequence[Handed],
    source: str,
    seed: int,
    store: Store,
    *,
    limits: Limits,
    sandbox: bool = True,
    workers: int | None = None,
    scheduler: str | None = None,
    regrade: bool = False,
    report: Report = lambda *_: None,
    begun: HeadStart | None = None,
) -> list[Outcome]:
    """Outcomes of all submissions of a lab, in the order of `handed`.

    An outcome that the store holds for the same content, lab, checks and seed is taken from there,
    unless `regrade` says otherwise; each new one is put there as soon as it is known.  Submissions
    share nothing but the processes that grade them, one at a time each.  A submission whose
    worker is lost is graded by another; one that costs three workers gets no points.

    Args:
        handed: submissions of one lab, each student once.
        source: the notebook of the lab, see `Course.source`.
        seed: of the inputs; students should not know it.
        store: where outcomes are kept.
        limits: of the sandbox, for each submission.
        sandbox: False runs the submissions with the rights of whoever calls this.
        workers: processes to start here; default: one per core, at most one per submission.
        scheduler: address of a running Dask scheduler, in the place of `workers`.
        regrade: grade again what was graded before.
        report: is told (student, finished, all) as submissions are finished.
        begun: a `head_start` with the same lab, limits and sandbox, for processes that start here.

    Raises:
        InputError: there is no sandbox here or on a worker, or it has another version of the lab.
        SourceError: no cluster, the connection to it was lost, or the store cannot be written.
    """
    import dask
    import distributed  # noqa: F401 - brings the settings that are changed below

    from labkit.grading.running.worker_state import Place

    version = lab_version(source)
    keys = {one.student: key(one, version, seed) for one in handed}
    done: dict[str, Outcome] = {}
    left: list[Handed] = []
    for one in handed:
        kept = None if regrade else store.get(one.student)
        if kept is not None and kept.key == keys[one.student]:
            # The same content may come again from another place, or with a time it lacked.
            done[one.student] = replace(kept, submitted=one.submitted, origin=one.origin)
        elif one.data is None:
            done[one.student] = replace(not_graded(one, source), key=keys[one.student])
        else:
            left.append(one)
            continue
        store.put(done[one.student])
    report("", len(done), len(handed))
    if left:
        hired = scheduler is None
        if hired and workers is None:
            workers = min(os.cpu_count() or 1, len(left))
        with ExitStack() as stack:
            lab = left[0].lab
            if hired and begun is None:
                begun = stack.enter_context(head_start(lab, limits, sandbox))
            address = begun.address if hired else None
            place = Place(limits, sandbox, hired, address, libraries_of(lab).answers)
            stack.enter_context(dask.config.set(_SETTINGS))
            client = stack.enter_context(connected(scheduler, workers))
            found = _graded(client, left, source, seed, version, place)
            for outcome in stack.enter_context(closing(found)):
                done[outcome.student] = replace(outcome, key=keys[outcome.student])
                store.put(done[outcome.student])
                report(outcome.student, len(done), len(handed))
    return [done[one.student] for one in handed]


def _graded(
    client: Client,
    handed: Sequence[Handed],
    source: str,
    seed: int,
    version: str,
    place: Place,
) -> Iterator[Outcome]:
    from concurrent.futures import CancelledError

    from distributed import as_completed
    from distributed.comm import CommClosedError
    from distributed.scheduler import KilledWorker

    from labkit.grading.running.worker_state import grade

    client.register_plugin(place)
    waiting, running, queue = list(reversed(handed)), {}, as_completed()
    failed: list[SourceError] = []

    def give_out() -> None:
        # One for each thread and no more: the loss of a worker is then the doing of the one
        # submission that it had.
        while waiting and len(running) < max(1, sum(client.nthreads().values())):
            one = waiting.pop()
            arguments = (place.name, one, source, seed, version)
            future = client.submit(grade, *arguments, pure=False, retries=_RETRIES)
            running[future] = one
            queue.add(future)

    try:
        give_out()
        for future in queue:
            one = running.pop(future)
            try:
                yield Outcome.from_json(future.result())
            except KilledWorker:
                yield not_graded(one, source, "it ended the process that graded it, at each try")
            except SourceError as error:  # of the machine; others may have gone well
                failed.append(error)
            future.release()
            give_out()
    except (CancelledError, CommClosedError) as error:
        raise SourceError(
            "the connection to the scheduler was lost. What was finished is kept: the same command "
            "goes on from there."
        ) from error
    finally:
        with suppress(OSError, CancelledError):
            # None of them may start again on a worker that has given its place up.
            client.cancel(list(running), force=True)
            client.unregister_worker_plugin(place.name)
    if failed:
        raise SourceError(
            f"{len(failed)} of {len(handed)} submissions could not be graded, the first because "
            f"{failed[0]}. The others are kept: the same command tries those again."
        )
