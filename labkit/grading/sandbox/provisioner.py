"""A Jupyter kernel in the sandbox, for stock `nbgrader autograde`.

The environment variable JUPYTER_DEFAULT_PROVISIONER_NAME=labkit-sandbox chooses it for all kernels.
Here the checks run beside the submission, as nbgrader has it: the machine, the solutions, the
gradebook and the others are safe from it, its own score is not.  `labkit grade` checks from
outside.
"""

import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

import labkit
from labkit.checks.scoring import SEED_VARIABLE
from labkit.grading.sandbox.bubblewrap import command, require
from labkit.grading.sandbox.confinement import SCRATCH
from labkit.grading.sandbox.limits import Limits
from labkit.grading.sandbox.watchdog import Guard


class SandboxProvisioner(LocalProvisioner):
    """Starts a kernel in bubblewrap, without network, and watches it.

    The connection goes over sockets in a folder that is bound into the sandbox.  The kernel works
    in a folder in memory with the files that lie beside the notebook, and leaves nothing behind.
    """

    _folder: Path | None = None
    _guard: Guard | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Prepare the connection and the command.

        Raises:
            InputError: no sandbox can be made here; says what to do.
        """
        require()
        if self._folder is None:
            # Not below the folder of the user: names of sockets may have some 100 characters.
            self._folder = Path(tempfile.mkdtemp(prefix="lk-"))
        manager = self.parent
        manager.transport, manager.ip = "ipc", str(self._folder / "kernel")
        manager.cache_ports = False
        manager.connection_file = str(self._folder / "connection.json")
        kwargs = await super().pre_launch(**kwargs)
        limits = Limits()
        beside = Path(kwargs.get("cwd") or ".")
        extra = ["--bind", str(self._folder), str(self._folder), "--remount-ro", "/proc"]
        for path in sorted(beside.iterdir()):
            if path.is_file() and not path.is_symlink():  # a link may lead to anywhere
                extra += ["--ro-bind", str(path.resolve()), f"{SCRATCH}/{path.name}"]
        if seed := os.environ.get(SEED_VARIABLE):
            extra += ["--setenv", SEED_VARIABLE, seed]
        what = ["run", *kwargs["cmd"]]
        kwargs["cmd"] = command(Path(labkit.__file__).parent, limits, what, extra)
        kwargs["env"] = {}
        return kwargs

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel, and a guard beside it."""
        info = await super().launch_kernel(cmd, **kwargs)
        limits = Limits()
        self._guard = Guard(self.pid, limits, own=2, seconds=limits.together)
        return info

    async def send_signal(self, signum: int) -> None:
        """Send a signal: an interrupt to the kernel itself, others to bubblewrap."""
        if signum == signal.SIGINT and self.process:
            inner = psutil.Process(self.pid).children(recursive=True)
            if len(inner) > 1:  # bubblewrap's own first process, and then the kernel
                inner[1].send_signal(signum)
            return
        await super().send_signal(signum)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the sockets."""
        if self._guard is not None:
            self._guard.end()
        if self._folder is not None and not restart:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        await super().cleanup(restart)
