"""Change nbgrader's gradebook in one transaction, however often nbgrader commits on the way."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from labkit.errors import SourceError
from labkit.files import only_one, replacing

_PATIENCE = 30  # seconds to wait for another program that writes to the gradebook
_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)  # the latter where a quota ends


def create(path: Path, course_id: str) -> None:
    """Make an empty gradebook with nbgrader's tables, unless the file is there.

    Raises:
        SourceError: it cannot be written, as on a full disk.
    """
    from nbgrader.api import Gradebook
    from nbgrader.dbutil import ALEMBIC_DIR
    from sqlalchemy.exc import SQLAlchemyError

    if path.exists():
        return
    with only_one(path.with_name(f".{path.name}.lock")), on_disk(path):
        if path.exists():  # by the one that had the lock
            return
        try:
            with replacing(path) as temporary:
                _set_version(temporary, ALEMBIC_DIR)
                Gradebook(f"sqlite:///{temporary}", course_id).close()
        except (SQLAlchemyError, sqlite3.Error) as error:
            reason = getattr(error, "orig", None) or error
            raise SourceError(_not_written(path, reason)) from error


def _set_version(path: Path, migrations: str) -> None:
    """Note the version of nbgrader's tables, as nbgrader does with a program that takes a second.

    `nbgrader db upgrade` goes on from there.
    """
    from alembic.script import ScriptDirectory

    version = ScriptDirectory(migrations).get_current_head()
    with closing(sqlite3.connect(path)) as book, book:
        book.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        book.execute("INSERT INTO alembic_version VALUES (?)", (version,))


@contextmanager
def on_disk(path: Path) -> Iterator[None]:
    """Say in words what the system refuses on the way: nbgrader needs temporary files, too."""
    try:
        yield
    except SourceError:
        raise
    except OSError as error:
        raise SourceError(_not_written(path, error.strerror or error)) from error


def _not_written(path: Path, reason: object) -> str:
    return (
        f"cannot write the gradebook {path}: {reason}. Free space on its disk and on that of "
        f"{tempfile.gettempdir()}, and run the command again: what was graded is kept, and is not "
        "graded again."
    )


def keep_copy(path: Path) -> Path:
    """Copy a gradebook to backups/ beside it, as it is between two transactions.

    Raises:
        SourceError: it cannot be read, or the copy cannot be written.
    """
    moment = time.strftime("%Y%m%d-%H%M%S")
    target = path.parent / "backups" / f"{path.stem}-{moment}{path.suffix}"
    with (
        replacing(target) as temporary,
        _told(path),
        closing(sqlite3.connect(path, timeout=_PATIENCE)) as source,
        closing(sqlite3.connect(temporary)) as copy,
    ):
        source.backup(copy)
    return target


@contextmanager
def amending(path: Path) -> Iterator[str]:
    """Yield the URL of a copy of the gradebook; when the block ends well, its rows become `path`'s.

    That happens in one SQLite transaction: an exception or a kill at any moment leaves the
    gradebook as it was.  Meanwhile others can read it, and wait with what they write, so that
    nothing of theirs is lost.

    Raises:
        SourceError: the gradebook is damaged, or locked by another program for too long.
    """
    with (
        on_disk(path),
        tempfile.TemporaryDirectory(dir=_quick(path)) as folder,
        _told(path),
        closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as book,
    ):
        copy = Path(folder) / "gradebook.db"
        book.execute("BEGIN IMMEDIATE")
        # Read by another connection: SQLite does not copy from one that is about to write.
        with closing(sqlite3.connect(path)) as reader, closing(sqlite3.connect(copy)) as changed:
            reader.backup(changed)
        yield f"sqlite:///{copy}"
        with closing(sqlite3.connect(copy)) as changed:
            changed.execute("ATTACH ? AS before", (str(path),))
            _write_back(changed, book)
        book.execute("COMMIT")


def _quick(path: Path) -> Path | None:
    """A folder in memory with room enough: on a disk each of nbgrader's many commits waits."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 10 * path.stat().st_size:
        return memory
    return None


def _write_back(changed: sqlite3.Connection, book: sqlite3.Connection) -> None:
    """Replace the rows that differ from those that are attached as `before`: the book's own.

    Both have the same tables, and each row the same number in both.  One student changes few rows:
    reading all of them into Python, or writing all of a table, would cost each student more the
    larger the class is.
    """
    tables = changed.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        names = [row[1] for row in changed.execute(f'PRAGMA main.table_info("{table}")')]
        fields = ", ".join(f'n."{name}"' for name in names)
        same = " AND ".join(f'n."{name}" IS o."{name}"' for name in names)
        pair = f'SELECT {{}} FROM {{}}."{table}" n LEFT JOIN {{}}."{table}" o ON o.rowid = n.rowid '
        pair += f"WHERE o.rowid IS NULL OR NOT ({same})"
        old = changed.execute(pair.format("n.rowid", "before", "main")).fetchall()
        new = changed.execute(pair.format(f"n.rowid, {fields}", "main", "before")).fetchall()
        book.executemany(f'DELETE FROM "{table}" WHERE rowid = ?', old)
        columns = ", ".join(["rowid", *(f'"{name}"' for name in names)])
        marks = ", ".join("?" * (len(names) + 1))
        book.executemany(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', new)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) in _FULL:
            raise SourceError(_not_written(path, error)) from error
        raise SourceError(
            f"cannot write the gradebook {path}: {error}. It is as it was before; close other "
            "programs that use it, or restore a copy from backups/, and run the command again."
        ) from error
