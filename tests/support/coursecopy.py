"""A copy of the course to build the book from, so that no test writes into the repository."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import warm
import yaml
from places import ROOT

from labkit.book.site import execution_key

EXECUTED = Path("_build") / ".jupyter_cache"
"""Where a course keeps the results of its pages; `course-key` in it says what they depend on."""


def pages():
    """Names of the book's pages as `_toc.yml` lists them, without `book/`."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    entries = list(toc.get("chapters", ()))
    for part in toc.get("parts", ()):
        entries += part["chapters"]
    return [Path(name).name for name in (toc["root"], *(entry["file"] for entry in entries))]


def copy_course(target, *caches):
    """Copy what the book is built of; pages that ran before need not run again.

    Their results are those of the repository or of the first of `caches` that are still valid.
    """
    for name in ("_config.yml", "_toc.yml", "requirements.txt", "CHANGELOG.md"):
        shutil.copy(ROOT / name, target)
    without = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in ("book", "exercises", "benchmarks/results"):
        shutil.copytree(ROOT / name, target / name, ignore=without)
    key = execution_key(target)
    for cache in (ROOT / EXECUTED, *caches):
        stamp = cache / "course-key"
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == key:
            shutil.copytree(cache, target / EXECUTED)
            break
    return target


def page_course(target, body, *, bibliography=""):
    """A course of one page, `book/index`, that holds `body`."""
    copy_course(target)
    (target / "_toc.yml").write_text("format: jb-book\nroot: book/index\n", encoding="utf-8")
    (target / "book" / "references.bib").write_text(bibliography, encoding="utf-8")
    page = target / "book" / "index.md"
    head = page.read_text(encoding="utf-8").split("\n# ", 1)[0]
    page.write_text(f"{head}\n# One page\n\n{body}\n", encoding="utf-8")
    return target


def build(folder, *options):
    """Build as `make book` does, without serving."""
    command = warm.command("labkit.cli", "book", "--no-serve", "--course", folder, *options)
    with tempfile.TemporaryDirectory() as kernels:
        env = os.environ | {"JUPYTER_PATH": str(warm.kernels(Path(kernels)))}
        return subprocess.run(
            command, capture_output=True, text=True, timeout=900, cwd=ROOT, env=env
        )
