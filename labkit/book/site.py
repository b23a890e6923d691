"""Build the book, look through the finished site for what is broken, and serve it on localhost."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from labkit import own_process
from labkit.book.draft import VARIABLE, drafted
from labkit.code_hash import code_hash, imported_names
from labkit.errors import InputError, SourceError

RESULTS = "results"
"""Where `labkit study` leaves the reader's results, below the root of the course."""

_OPTIONS = ("--all", "-W", "-n", "--keep-going")  # every page, warnings are errors, all of them
_DATA = (".json", ".jsonl", ".safetensors", ".txt", ".model", ".parquet", ".csv", ".npz")
_LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
_STATED = {"canonical", "license", "alternate", "me"}  # kinds of <link> that load nothing
_REMOTE_CSS = re.compile(r"(?:url\(\s*|@import\s+)['\"]?(?:https?:)?//", re.IGNORECASE)
_REMOTE_SCRIPT = re.compile(r"['\"](?:https?:)?//[\w.-]+\.\w")


def build_book(root: Path | str = ".", draft: bool = False) -> Path:
    """Run the chapters of the course below `root`, build its site and return the site's folder.

    Cells whose code, and all that it calls, is as it was are not run again (`execution_key`).
    The pages of a `draft` score fewer examples, and say so.

    Raises:
        SourceError: `root` is no course, or the build failed: its last lines say why.
    """
    root = Path(root)
    if not (root / "_config.yml").is_file() or not (root / "_toc.yml").is_file():
        raise SourceError(
            f"{root.resolve()} holds no _config.yml and _toc.yml. "
            "Run this in the root of the course repository."
        )
    if importlib.util.find_spec("jupyter_book") is None:
        raise SourceError("jupyter-book is not installed: pip install -r requirements.txt")
    site = root / "_build" / "html"
    shutil.rmtree(site, ignore_errors=True)  # a page that is gone must not stay behind
    environment = os.environ | ({VARIABLE: "1"} if draft else {})
    command = own_process.command("labkit.book.jupyter_book", "build", str(root), *_OPTIONS)
    done = subprocess.run(command, check=False, env=environment)
    if done.returncode != 0:
        raise SourceError("the book was not built: see the warnings and errors above")
    return site


def execution_key(root: Path | str) -> str:
    """Hash of what the cells of the book depend on beside their own code.

    That is the code of `labkit` that the pages run, the data it ships, the pinned versions and the
    running Python, the reader's own results for the published models (`hub_tables`), the
    benchmarks' results, and whether it is a draft.
    """
    root, package = Path(root), Path(__file__).parents[1]
    files = [path for path in (package / "mini").rglob("*") if path.suffix in _DATA]
    pins = root / "requirements.txt"
    files += [pins] if pins.is_file() else []
    files += hub_tables(root).values()
    files += (root / "benchmarks" / "results").glob("*.json")
    digest = hashlib.sha256(f"{sys.version}\0{code_hash(*_modules_of_pages(root))}".encode())
    digest.update(b"a draft" if drafted() else b"")
    for path in sorted(set(files)):
        base = package if path.is_relative_to(package) else root
        digest.update(path.relative_to(base).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _modules_of_pages(root: Path) -> set[str]:
    """The modules of labkit that the course's pages import, and what shows their results."""
    texts = [page.read_text(encoding="utf-8") for page in (root / "book").glob("*.md")]
    return {"labkit.book.pages", *(name for text in texts for name in imported_names(text))}


def hub_tables(root: Path | str) -> dict[str, Path]:
    """Tables (name → parquet file) of the reader's `labkit study --source hub`; empty without.

    Those of tasks that the study did not have are of an earlier one, perhaps of other models.
    """
    folder = Path(root) / RESULTS
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        settings = manifest["settings"]
        if settings["source"] != "hub":
            return {}
        tasks = settings.get("task", ["mrpc"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {
        path.stem: path
        for path in sorted((folder / "tables").glob("*.parquet"))
        if ("text" if path.stem.startswith("text_") else "mrpc") in tasks
    }


@dataclass
class _Page(HTMLParser):
    """The anchors of a page, and what it links to and loads."""

    text: str
    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    remote: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._inside = ""
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        values = {key: value or "" for key, value in attrs}
        self._inside = tag if tag in ("script", "style") else ""
        if tag == "script" and "json" in values.get("type", ""):
            self._inside = ""
        self.anchors.update(values[key] for key in ("id", "name") if values.get(key))
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag == "link" and _STATED & set(values.get("rel", "").split()):
            return
        if values.get(_LOADS.get(tag, "")):
            self.loads.append(values[_LOADS[tag]])

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        pattern = {"script": _REMOTE_SCRIPT, "style": _REMOTE_CSS}.get(self._inside)
        if pattern and (found := pattern.search(data)):
            self.remote.append(data[found.start() : found.start() + 60])


def problems(site: Path | str) -> list[str]:
    """What is broken in a built site: dead links and anchors, and whatever it loads from elsewhere.

    Links to other sites are allowed (a reader follows them or not), loading from them is not.
    """
    site = Path(site)
    pages = {
        path.relative_to(site).as_posix(): _Page(path.read_text(encoding="utf-8"))
        for path in sorted(site.rglob("*.html"))
        if "_static" not in path.relative_to(site).parts
    }
    found = [problem for name, page in pages.items() for problem in _page(site, pages, name, page)]
    for path in sorted(site.rglob("*.css")):
        if _REMOTE_CSS.search(path.read_text(encoding="utf-8")):
            found.append(f"{path.relative_to(site).as_posix()}: loads from elsewhere")
    return found


def _page(site: Path, pages: dict[str, _Page], name: str, page: _Page) -> Iterator[str]:
    for text in page.remote:
        yield f"{name}: names an address to load from: {text}"
    for url in sorted({*page.links, *page.loads}):
        parts = urlsplit(url)
        if parts.scheme or parts.netloc:
            if url in page.loads and parts.scheme != "data":
                yield f"{name}: loads {url}"
            continue
        target = urlsplit(urljoin(f"/{name}", url))
        path = unquote(target.path).lstrip("/") or "index.html"
        if path.endswith("/"):
            path += "index.html"
        if not (site / path).is_file():
            yield f"{name}: {url} leads nowhere"
        elif target.fragment and path in pages:
            anchor = unquote(target.fragment)
            if anchor not in pages[path].anchors:
                yield f"{name}: {url} names an anchor that {path} does not have"


class _Handler(SimpleHTTPRequestHandler):
    """Files of the site, without a line on the terminal for each and never from a stale cache."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def serve(site: Path | str, port: int | None = None) -> ThreadingHTTPServer:
    """A server of the site on localhost; without `port` on 8000 or, if that is taken, a free one.

    The caller runs `serve_forever()` and closes it; `server_port` is its port.

    Raises:
        SourceError: there is no site in that folder.
        InputError: `port` is taken or not allowed.
    """
    site = Path(site)
    if not (site / "index.html").is_file():
        raise SourceError(f"{site} holds no index.html: build the book first (`labkit book`)")
    handler = partial(_Handler, directory=str(site))
    for candidate in (8000, 0) if port is None else (port,):
        try:
            return ThreadingHTTPServer(("127.0.0.1", candidate), handler)
        except (OSError, OverflowError) as error:
            reason = error
    raise InputError(f"port {port} cannot be used ({reason}); leave --port out for a free one")
