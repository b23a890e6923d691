"""What a class of a lab needs of large libraries beside torch: imported once, then forked."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Libraries:
    """Modules that take long to import, without torch and matplotlib, which all labs need.

    `checks` are those of the process that draws inputs and judges; `answers` those of the process
    that a submission runs in: what its notebook imports, and the classes of what checks hand to
    its functions.  A module that is missing here is imported for each submission: slower, never
    wrong.
    """

    checks: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
