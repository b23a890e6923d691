"""A local stand-in of the hub's endpoints, with the faults that real networks have.

It answers what `huggingface_hub` and `datasets` ask for when they download: repository info, tree
listings, path info, and files with their ETags, redirected to a "CDN" (the same server under
another name of the loopback) where the hub stores large files.
"""

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

LARGE = (".safetensors", ".bin", ".parquet", ".h5", ".msgpack", ".onnx")
STOPS = ("cut", "down", "stall")
API = re.compile(r"/api/(models|datasets)/([^/]+/[^/]+)(?:/(revision|tree|paths-info)/([^/]+))?.*")
FILE = re.compile(r"/(datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


@dataclass
class Repo:
    """A folder served as a repository; its commit is a function of its content."""

    folder: Path
    files: dict[str, dict] = field(init=False)
    commit: str = field(init=False)

    def __post_init__(self):
        self.files = {}
        for path in sorted(p for p in self.folder.rglob("*") if p.is_file()):
            name, size = path.relative_to(self.folder).as_posix(), path.stat().st_size
            sha1, sha256 = hashlib.sha1(b"blob %d\0" % size), hashlib.sha256()
            with path.open("rb") as handle:
                while chunk := handle.read(1 << 20):
                    sha1.update(chunk)
                    sha256.update(chunk)
            entry = {"type": "file", "path": name, "size": size, "oid": sha1.hexdigest()}
            if path.suffix in LARGE:
                entry["lfs"] = {"oid": sha256.hexdigest(), "size": size, "pointerSize": 130}
            self.files[name] = entry
        self.commit = hashlib.sha1(json.dumps(self.files).encode()).hexdigest()

    def etag(self, name):
        entry = self.files[name]
        return entry["lfs"]["oid"] if "lfs" in entry else entry["oid"]

    def info(self, repo_id):
        return {
            "_id": "0" * 24,
            "id": repo_id,
            "modelId": repo_id,
            "sha": self.commit,
            "private": False,
            "gated": False,
            "disabled": False,
            "tags": [],
            "downloads": 0,
            "likes": 0,
            "siblings": [{"rfilename": name} for name in self.files],
        }

    def tree(self, under=""):
        folders = {str(Path(n).parent) for n in self.files} - {"."}
        rows = [{"type": "directory", "path": f, "size": 0, "oid": "0" * 40} for f in folders]
        rows += self.files.values()
        return [row for row in rows if not under or row["path"].startswith(f"{under}/")]


@dataclass
class Fault:
    """What to do to content whose path holds `match`; `times` counts down, None is for ever.

    "cut": announce all of it and hang up after `after` bytes; "down": the same, and answer nothing
    any more; "short": send and announce only `after` bytes; "flip": change a byte; "status":
    answer `after`; "hang": answer nothing and keep the line open; "stall": the same after `after`
    bytes.
    """

    kind: str
    match: str
    after: int = 0
    times: int | None = None


class Standin:
    """`with Standin({...}) as hub:` serves repositories at `hub.url` until the block ends."""

    def __init__(self, models, datasets=None):
        self.repos = {("models", k): v for k, v in models.items()}
        self.repos |= {("datasets", k): v for k, v in (datasets or {}).items()}
        self.requests = []
        self.faults = []
        self.down = False
        self.closing = threading.Event()

    def __enter__(self):
        standin = self

        class Handler(_Handler):
            hub = standin

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()

    def downloads(self):
        """(path, first byte) of each request for content."""
        return [
            (path, start)
            for method, path, start in self.requests
            if "/cdn/" in path or (method == "GET" and "/resolve/" in path)
        ]

    def fault_for(self, path, kind=""):
        for fault in self.faults:
            if fault.match in path and fault.times != 0 and kind in ("", fault.kind):
                if fault.times:
                    fault.times -= 1
                return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Standin

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        self.body = self.rfile.read(length).decode()
        self.answer()

    def answer(self):
        path = unquote(urlsplit(self.path).path)
        start = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        self.hub.requests.append((self.command, path, int(start[1]) if start else 0))
        if self.hub.down:
            self.close_connection = True
            return
        if "/cdn/" not in path and (fault := self.hub.fault_for(path, "status")):
            self.send_json({}, fault.after)
        elif path == "/":
            self.send_json({})
        elif match := API.fullmatch(path):
            self.api(match, path)
        elif match := FILE.fullmatch(path):
            self.resolve(match, path)
        elif path.startswith("/cdn/"):
            _, _, kind, owner, name, file = path.split("/", 5)
            self.content(self.hub.repos[kind, f"{owner}/{name}"], file, path, {})
        else:
            self.missing("EntryNotFound")

    def api(self, match, path):
        kind, repo_id, what, _ = match.groups()
        repo = self.hub.repos.get((kind, repo_id))
        if repo is None:
            self.missing("RepoNotFound")
        elif what == "tree":
            under = path.split("/tree/")[1].partition("/")[2]
            self.send_json(repo.tree(under))
        elif what == "paths-info":
            try:
                wanted = json.loads(self.body)["paths"]
            except ValueError:
                wanted = parse_qs(self.body)["paths"]
            known = {row["path"]: row for row in repo.tree()}
            self.send_json([known[path] for path in wanted if path in known])
        else:
            self.send_json(repo.info(repo_id))

    def resolve(self, match, path):
        dataset, repo_id, _, file = match.groups()
        kind = "datasets" if dataset else "models"
        repo = self.hub.repos.get((kind, repo_id))
        if repo is None:
            self.missing("RepoNotFound")
            return
        commit = {"X-Repo-Commit": repo.commit}
        if file not in repo.files:
            self.missing("EntryNotFound", commit)
        elif "lfs" in repo.files[file]:
            self.send_response(302)
            port = self.hub.server.server_port
            for key, value in {
                **commit,
                "Location": f"http://localhost:{port}/cdn/{kind}/{repo_id}/{file}",
                "X-Linked-Etag": f'"{repo.etag(file)}"',
                "X-Linked-Size": str(repo.files[file]["size"]),
                "Content-Length": "0",
            }.items():
                self.send_header(key, value)
            self.end_headers()
        else:
            self.content(repo, file, path, commit)

    def content(self, repo, file, path, headers):
        size = repo.files[file]["size"]
        given = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(given[1]) if given else 0
        fault = self.hub.fault_for(path) if self.command == "GET" else None
        if fault and fault.kind == "hang":
            self.hub.closing.wait(60)
            return
        if fault and fault.kind == "status":
            self.send_error(fault.after)
            return
        if fault and fault.kind == "short":
            size = fault.after
        if start > size:
            self.send_error(416)
            return
        self.send_response(206 if given else 200)
        if given:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("ETag", f'"{repo.etag(file)}"')
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(size - start))
        self.end_headers()
        if self.command == "HEAD":
            return
        end = min(size, start + fault.after) if fault and fault.kind in STOPS else size
        with (repo.folder / file).open("rb") as source:
            source.seek(start)
            while (left := end - source.tell()) > 0:
                chunk = source.read(min(1 << 20, left))
                if fault and fault.kind == "flip":
                    chunk, fault = bytes([chunk[0] ^ 1]) + chunk[1:], None
                self.wfile.write(chunk)
        if end < size:
            self.close_connection = True
            if fault.kind == "stall":
                self.hub.closing.wait(60)
            self.hub.down = fault.kind == "down"

    def missing(self, code, headers=None):
        self.send_json({"error": code}, 404, {"X-Error-Code": code, **(headers or {})})

    def send_json(self, content, status=200, headers=None):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
