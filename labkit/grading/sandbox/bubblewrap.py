"""Run a submission in bubblewrap: it sees Python, its own notebook and an empty folder.

There is no network, no home, no environment, no other submission, no solution, no gradebook; of
labkit it sees `view`.  The system is read-only; what it writes into its folder is in memory, and
gone with it.  bubblewrap must be installed (Linux only); no rights are needed.
"""

import importlib.util
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import labkit
from labkit.checks.process.host import end
from labkit.errors import InputError
from labkit.grading.sandbox.confinement import SCRATCH, SHARED
from labkit.grading.sandbox.limits import Limits
from labkit.grading.sandbox.own_folder import OwnFolder
from labkit.grading.sandbox.visible_packages import write_stubs, write_view
from labkit.grading.sandbox.watchdog import Guard

COURSE = "/course"  # where labkit lies inside

_REMEDIES = {
    "Linux": "install it (Debian, Ubuntu: `apt install bubblewrap`)",
    "Darwin": "grade in a Linux container or virtual machine",
    "Windows": "grade in a Linux container or virtual machine (WSL 2)",
}


def problem() -> str | None:
    """Why no sandbox can be made here and what to do, or None where one can."""
    system = platform.system()
    remedy = _REMEDIES.get(system, _REMEDIES["Darwin"])
    program = shutil.which("bwrap") if system == "Linux" else None
    if program is None:
        return f"bubblewrap (bwrap) was not found: {remedy}"
    # Some containers allow namespaces, but in them no /proc.
    mounts = ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    tried = [program, *_namespaces(), *mounts, "--", "true"]
    done = subprocess.run(tried, capture_output=True, text=True, env={}, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().partition("\n")[0]
        return (
            f"bubblewrap is installed, but the system refuses it ({said}): "
            "allow unprivileged user namespaces (Ubuntu: `sudo sysctl "
            "kernel.apparmor_restrict_unprivileged_userns=0`), or grade in a virtual machine"
        )
    return None


def require() -> None:
    """Return where a sandbox can be made.

    Raises:
        InputError: it cannot; says why and what to do.
    """
    if said := problem():
        raise InputError(
            f"{said}. Submissions would run with your rights; if you trust every one of them, "
            "`--unsafe-no-sandbox` grades without a sandbox."
        )


def command(
    package: Path,
    limits: Limits,
    arguments: Sequence[str],
    extra: Sequence[str] = (),
    stubs: Mapping[Path, Path] | None = None,
) -> list[str]:
    """The command line that starts `labkit.grading.sandbox.inside_sandbox` in the sandbox.

    Args:
        package: folder of the package `labkit`, or of that part that may be seen.
        limits: what it binds itself to; and the size of the folder /box.
        arguments: what it shall do, without the limits.
        extra: further options of bubblewrap, such as a folder to bind.
        stubs: what to show in the place of a file or folder.
    """
    libraries = _libraries()
    words = [shutil.which("bwrap") or "bwrap", *_namespaces()]
    words += ["--die-with-parent", "--new-session", "--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        place = Path("/", name)
        if place.is_symlink():
            words += ["--symlink", str(place.readlink()), str(place)]
        elif place.is_dir():
            words += ["--ro-bind", str(place), str(place)]
    for name in ("ld.so.cache", "alternatives", "fonts", "localtime"):
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for place in libraries:
        words += ["--ro-bind", str(place.resolve()), str(place)]
    words += ["--ro-bind", str(package), f"{COURSE}/labkit"]
    installed = Path(labkit.__file__).resolve().parent
    for place in libraries:
        # Where labkit is installed among them, its checks would lie open.
        if installed.is_relative_to(place.resolve()):
            inside = place / installed.relative_to(place.resolve())
            words += ["--ro-bind", str(package), str(inside)]
    for place, stub in (stubs or {}).items():
        words += ["--ro-bind", str(stub), str(place)]
    words += ["--proc", "/proc", "--dev", "/dev"]
    for place in (SHARED, SCRATCH):
        words += ["--perms", "0700", "--size", str(limits.scratch), "--tmpfs", place]
    # Folders below /tmp can be bound only where /tmp is a folder, not a link.
    if not any(Path(place).is_relative_to("/tmp") for place in [*libraries, *extra]):
        words += ["--symlink", SCRATCH, "/tmp"]
    words += ["--clearenv"]
    for name, value in environment().items():
        words += ["--setenv", name, value]
    words += [*extra, "--remount-ro", "/dev", "--remount-ro", "/"]
    # -P: no file beside a notebook stands in for a module.
    inside = [sys.executable, "-P", "-m", "labkit.grading.sandbox.inside_sandbox", limits.to_json()]
    return [*words, "--chdir", SCRATCH, "--", *inside, *arguments]


def _namespaces() -> list[str]:
    return ["--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534"]


def _libraries() -> list[Path]:
    """Folders that Python and its packages lie in, outside /usr."""
    places = [Path(sys.base_prefix), Path(sys.prefix)]
    for name in ("torch", "transformers"):
        spec = importlib.util.find_spec(name)
        if spec and spec.origin:
            places.append(Path(spec.origin).parents[1])
    kept: list[Path] = []
    for place in places:
        if not any(place.is_relative_to(other) for other in [Path("/usr"), *kept]):
            kept.append(place)
    return kept


def environment(scratch: str = SCRATCH, course: str = COURSE) -> dict[str, str]:
    """Everything that stands in the environment of a submission.

    `scratch` is the folder that it may write into, `course` the one that labkit lies in.
    """
    one = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
    )
    caches = dict.fromkeys(
        ("HOME", "TMPDIR", "MPLCONFIGDIR", "NUMBA_CACHE_DIR", "HF_HOME", "XDG_CACHE_HOME"), scratch
    )
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": course,
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        "USER": "student",
        "LOGNAME": "student",
        "MPLBACKEND": "Agg",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        **one,
        **caches,
    }


class Sandboxed:
    """What the hosts (see `checks.process.host`) share that use bubblewrap: limits and a view.

    Raises:
        InputError: no sandbox can be made here; says what to do.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        require()
        self.limits = limits or Limits()
        self.cell, self.loading = self.limits.cell, self.limits.loading
        self.together, self.largest = self.limits.together, self.limits.output
        self.folder = OwnFolder("labkit-view-")
        self.package = write_view(self.folder.path)
        self.stubs = write_stubs(self.folder.path / "libraries")

    def close(self) -> None:
        """Remove the view; no submission may run any more."""
        self.folder.cleanup()


class Bubble(Sandboxed):
    """A host that starts each submission in a bubblewrap of its own.

    It imports torch for each; `fork_server.Warm` does so once.
    """

    def start(self, path: Path, without: Sequence[int] = ()) -> "BubbleProcess":
        """As `Host.start`."""
        inside = "/submission" + path.suffix
        with path.open("rb") as file:
            # As data: a path would be seen inside, and may hold a name.
            extra = ["--ro-bind-data", str(file.fileno()), inside, "--remount-ro", "/proc"]
            arguments = ["once", inside, *map(str, without)]
            words = command(self.package, self.limits, arguments, extra, self.stubs)
            return BubbleProcess(words, self.limits, file.fileno())


class BubbleProcess:
    """A process in bubblewrap, see `labkit.checks.process.host.Running`."""

    def __init__(self, words: list[str], limits: Limits, notebook: int) -> None:
        # Its environment can be read inside, whatever bubblewrap sets for the command.
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            pass_fds=(notebook,),
        )
        self.requests, self.replies = self._process.stdin, self._process.stdout
        self._guard = Guard(self._process.pid, limits, own=2)

    def kill(self) -> None:
        """As `Running.kill`: bubblewrap takes its namespace along."""
        self._process.kill()

    def end(self) -> str:
        """As `Running.end`."""
        said = end(self._process)
        return self._guard.end() or said
