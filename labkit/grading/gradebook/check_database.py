"""Look at a gradebook before anything is graded: can nbgrader write into it?"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from labkit.errors import SourceError

_PATIENCE = 30  # seconds to wait for another program that writes to the gradebook


def require_sound(path: Path) -> None:
    """Return where the gradebook is not there yet, or holds nbgrader's tables as they are now.

    Raises:
        SourceError: it is damaged, empty, no gradebook, or one of an older nbgrader; says what to
            do.
    """
    if not path.exists():
        return
    if path.is_file() and path.stat().st_size == 0:
        raise _unreadable(path, "it is empty")
    try:
        with closing(sqlite3.connect(_address(path), uri=True, timeout=_PATIENCE)) as book:
            problems = book.execute("PRAGMA quick_check(1)").fetchone()[0]
            found = {
                name: {row[1] for row in book.execute(f'PRAGMA table_info("{name}")')}
                for (name,) in book.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise SourceError(
                f"the gradebook {path} is in use by another program ({error}): close it, and run "
                "the command again. Nothing was changed."
            ) from error
        raise _unreadable(path, str(error)) from error
    except sqlite3.Error as error:
        raise _unreadable(path, str(error)) from error
    if problems != "ok":
        raise _unreadable(path, problems.splitlines()[-1])
    _require_tables(path, found)


def _require_tables(path: Path, found: dict[str, set[str]]) -> None:
    from nbgrader.api import Base

    wanted = {name: set(table.columns.keys()) for name, table in Base.metadata.tables.items()}
    if not found.keys() & wanted.keys():
        raise _unreadable(path, "it holds none of nbgrader's tables")
    lacking = [
        f"{name}.{column}" if name in found else name
        for name, columns in sorted(wanted.items())
        for column in sorted(columns - found.get(name, set()))
    ]
    if lacking:
        raise SourceError(
            f"the gradebook {path} is of an older nbgrader: it lacks {lacking[0]}. Bring it up to "
            "date with `nbgrader db upgrade`, which keeps a copy of it, and run the command again. "
            f"Nothing was changed.{_newest_copy(path)}"
        )


def _unreadable(path: Path, reason: str) -> SourceError:
    return SourceError(
        f"the gradebook {path} cannot be read ({reason}). Nothing was changed. Put a copy from "
        f"backups/ in its place, or move it away to begin a new one.{_newest_copy(path)}"
    )


def _newest_copy(path: Path) -> str:
    copies = sorted((path.parent / "backups").glob(f"{path.stem}-*{path.suffix}"))
    return f" The newest copy is {copies[-1]}." if copies else " There is no copy in backups/."


def _address(path: Path) -> str:
    return f"file:{quote(str(path.resolve()))}?mode=ro"
