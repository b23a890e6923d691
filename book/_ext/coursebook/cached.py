"""Forget the results of executed pages when anything that they depend on has changed.

The execution cache of myst-nb sees the code of the cells only, not the modules that they import.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

from labkit.book.site import execution_key
from labkit.files import write_text


def setup(app: Sphinx) -> None:
    """Run before myst-nb opens its cache."""
    app.connect("config-inited", _forget, priority=100)


def _forget(app: Sphinx, config: Config) -> None:
    cache = Path(app.outdir).parent / ".jupyter_cache"  # myst-nb's default place
    key, stamp = execution_key(app.srcdir), cache / "course-key"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == key:
        return
    shutil.rmtree(cache, ignore_errors=True)
    write_text(stamp, key)
