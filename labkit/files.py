"""Write whole files or nothing, and tell files apart by their content."""

import errno
import hashlib
import os
import platform
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from labkit.errors import SourceError

_FULL = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)


def behind(path: Path | str, suffix: str) -> Path:
    """`path` with `suffix` put behind its name.

    For names that people give: `Path.with_suffix` cuts off what stands behind their last dot, so
    that Qwen3.5-0.6B and Qwen3.5-0.7B would be one file.
    """
    path = Path(path)
    return path.with_name(path.name + suffix)


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block ends well.

    Whoever reads `path` sees the old content or the new, never a part: a full disk, an exception
    or a kill leaves the old file as it was.  The temporary name keeps the suffix of `path`, which
    some writers look at.

    Raises:
        SourceError: the folder cannot be created or written; names the path and the reason.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}-{secrets.token_hex(4)}.partial{path.suffix}")
    try:
        with _unchanged(path):
            _create(path, lambda: temporary.touch(0o600, exist_ok=False))
            yield temporary
            _share(temporary, 0o666)
            temporary.replace(path)
    finally:
        with suppress(FileNotFoundError, NotADirectoryError):
            temporary.unlink()


@contextmanager
def disk_errors() -> Iterator[None]:
    """Raise OSError for what those who write weights say where a disk is full or read-only.

    safetensors has an error of its own for it, and torch.save a RuntimeError.
    """
    from safetensors import SafetensorError

    try:
        yield
    except SafetensorError as error:
        raise OSError(str(error)) from error
    except RuntimeError as error:
        if "inline_container" not in str(error):
            raise
        raise OSError("not all bytes could be written, as on a full disk") from error


@contextmanager
def replacing_folder(path: Path | str) -> Iterator[Path]:
    """As `replacing`, for a folder: yield an empty one beside `path`, which becomes `path`.

    A folder that was there is moved aside for the moment and then deleted.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}.partial")
    old = behind(temporary, ".old")
    try:
        with _unchanged(path):
            _create(path, lambda: temporary.mkdir(0o700))
            yield temporary
            _share(temporary, 0o777)
            if path.exists():
                path.rename(old)
            temporary.rename(path)
            shutil.rmtree(old, ignore_errors=True)
    finally:
        if old.exists() and not path.exists():  # also after Ctrl-C between the two renames
            old.rename(path)
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _unchanged(path: Path) -> Iterator[None]:
    """Raise SourceError for what the system refuses; what has a better text passes."""
    try:
        yield
    except SourceError:
        raise
    except OSError as error:
        raise SourceError(
            f"cannot write {path}: {error.strerror or error}. What was there before is unchanged."
        ) from error


def _create(path: Path, create: Callable[[], None]) -> None:
    """Make a temporary whose name its owner knows already: Ctrl-C at any moment leaves nothing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        create()
    except OSError as error:
        remedy = "Free space or choose" if error.errno in _FULL else "Choose"
        raise SourceError(
            f"cannot write {path}: {error.strerror or error}. {remedy} another folder."
        ) from error


def _share(path: Path, mode: int) -> None:
    """Give a private temporary the rights of any other new file: results are to be shared."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(mode & ~umask)


@contextmanager
def only_one(path: Path | str, patience: float = 30) -> Iterator[None]:
    """Let one process at a time into the block; `path` is a file of its own for that.

    The file stays, and says who has it, or had it last.  The lock ends with the process that has
    it, however that ends.  Where the system or the disk knows no locks, there is none.

    Raises:
        SourceError: another process has it, and keeps it for `patience` seconds; says which.
    """
    path = Path(path)
    _create(path, lambda: path.touch(0o666))
    with path.open("r+", encoding="utf-8") as file:
        end = time.monotonic() + patience
        while not _locked(file.fileno()):
            if time.monotonic() >= end:
                said = " ".join(path.read_text(encoding="utf-8", errors="replace").split())
                raise SourceError(
                    f"another run is at work in {path.parent}{said and f' ({said})'}: wait for it, "
                    "or end it."
                )
            time.sleep(0.1)
        file.truncate()
        since = time.strftime("%Y-%m-%d %H:%M:%S")
        file.write(f"process {os.getpid()} on {platform.node()} since {since}\n")
        file.flush()
        yield


def _locked(descriptor: int) -> bool:
    """Whether this process has the lock of an open file now; it ends when that is closed."""
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a disk of the network without locks
        return True
    return True


def write_text(path: Path | str, text: str) -> Path:
    """Write `text` as UTF-8 with `\\n` line ends on every platform, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return Path(path)


def sha256(path: Path | str) -> str:
    """SHA-256 of a file as 64 hexadecimal digits, read in chunks of 1 MiB."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
