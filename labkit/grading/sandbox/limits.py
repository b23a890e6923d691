"""What a submission may take of the machine."""

import json
from dataclasses import asdict, dataclass
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of one submission; sizes in bytes, times in seconds of wall clock.

    `memory` holds for each process and for all of a submission's processes together; `processes`
    counts threads too where the system can (not for root); `scratch` is what its folder may hold,
    `file` one file in it, `output` one reply with a result.  `cell` and `loading` are for one cell
    and for all cells of a notebook, `together` for everything that is done with it.
    """

    memory: int = 4 * 2**30
    processes: int = 64
    scratch: int = 256 * 2**20
    file: int = 128 * 2**20
    output: int = 256 * 2**20
    cell: float = 60.0
    loading: float = 180.0
    together: float = 600.0

    def to_json(self) -> str:
        """The limits as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The limits that `to_json` wrote."""
        return cls(**json.loads(text))

    def apply(self) -> None:
        """Bind this process, and all that it starts, to those limits that the system knows."""
        import resource  # not on Windows, where the doctor says that there is no sandbox

        for kind, most in (
            (resource.RLIMIT_DATA, self.memory),
            (resource.RLIMIT_FSIZE, self.file),
            (resource.RLIMIT_NPROC, self.processes),
            (resource.RLIMIT_NOFILE, 256),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_CPU, int(4 * self.together) + 1),
        ):
            hard = resource.getrlimit(kind)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (most, most))
