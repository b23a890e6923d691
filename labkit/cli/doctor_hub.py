"""Look at what nbgrader needs on a JupyterHub: the exchange, the course id, the extensions."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import stat
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.parse import quote, urlsplit
from urllib.request import ProxyHandler, build_opener

from labkit.cli.doctor import Finding

if TYPE_CHECKING:
    from traitlets.config import Config

_EXTENSIONS = ("assignment_list", "validate_assignment", "formgrader", "course_list")
_TEACHERS = ("formgrader", "course_list")
_ALL = stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO
# Rights of everybody else, as nbgrader's own steps set them and ask for them.
_INSIDE = {
    "inbound": (stat.S_IWOTH | stat.S_IXOTH, "733", "students cannot submit"),
    "outbound": (stat.S_IROTH | stat.S_IXOTH, "755", "students cannot fetch"),
    "feedback": (stat.S_IXOTH, "711", "students cannot fetch their feedback"),
}


def examine_hub(course: Path | str = ".") -> list[Finding]:
    """Examine the settings that hold in `course`, its exchange, and the extensions of this Python.

    Run it once as an instructor and once as a student: both have to see the same exchange.
    """
    config = _settings(Path(course))
    found = [_course_id(Path(course), config), *_exchange(config), *_extensions()]
    return [*found, *_frames(), _shared()]


def _settings(course: Path) -> Config:
    """What nbgrader reads there: Jupyter's folders of settings, then the course's own file."""
    from jupyter_core.paths import jupyter_config_path
    from traitlets.config import Config, ConfigFileNotFound, PyFileConfigLoader

    config = Config()
    for folder in [*reversed(jupyter_config_path()), str(course.resolve())]:
        with suppress(ConfigFileNotFound):
            config.merge(PyFileConfigLoader("nbgrader_config.py", path=folder).load_config())
    return config


def _course_id(course: Path, config: Config) -> Finding:
    from nbgrader.coursedir import CourseDirectory

    directory = CourseDirectory(config=config, root=str(course.resolve()))
    name = directory.course_id
    if not name:
        remedy = (
            'c.CourseDirectory.course_id = "NAME" in nbgrader_config.py, the same for everybody'
        )
        return Finding("course id", "fail", "none is set", remedy)
    if re.search(r"[\s/+*]", name):
        found = f"{name!r} holds a sign that nbgrader splits names at"
        return Finding("course id", "fail", found, "use letters, digits, - and _")
    known = _in_gradebook(Path(directory.db_url.removeprefix("sqlite:///")))
    if known and name not in known:
        found = f"{name!r}, but the gradebook is of {', '.join(map(repr, known))}"
        return Finding("course id", "fail", found, "set the one that the gradebook has")
    return Finding("course id", "ok", name)


def _in_gradebook(path: Path) -> list[str]:
    """Ids of courses with assignments; none where there is no gradebook, or none that is sound."""
    if not path.is_file():
        return []
    address = f"file:{quote(str(path.resolve()))}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as book:
            rows = book.execute("SELECT DISTINCT course_id FROM assignment").fetchall()
    except sqlite3.Error:
        return []
    return [row[0] for row in rows if row[0]]


def _exchange(config: Config) -> list[Finding]:
    from nbgrader.exchange.default import Exchange

    root = Path(Exchange(config=config).root)
    if not root.is_dir():
        found = f"{root} is not there"
        return [Finding("exchange", "fail", found, f"mkdir -p {root} && chmod 777 {root}")]
    mode = stat.S_IMODE(root.stat().st_mode)
    if mode & _ALL != _ALL:
        found = f"{root} has the rights {mode:o}, and everybody has to write into it"
        return [Finding("exchange", "fail", found, f"chmod 777 {root}")]
    findings = [Finding("exchange", "ok", str(root))]
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        for name, (wanted, whole, lost) in _INSIDE.items():
            path = folder / name
            if path.is_dir() and path.stat().st_mode & wanted != wanted:
                mode = stat.S_IMODE(path.stat().st_mode)
                found = f"{path} has the rights {mode:o}: {lost}"
                findings.append(Finding("exchange", "fail", found, f"chmod {whole} {path}"))
    return findings


def _extensions() -> list[Finding]:
    from jupyter_core.paths import jupyter_config_path, jupyter_path

    enabled: dict[str, bool] = {}
    for folder in reversed(jupyter_config_path()):  # the first of them has the last word
        files = sorted(Path(folder, "jupyter_server_config.d").glob("*.json"))
        for path in [*files, Path(folder, "jupyter_server_config.json")]:
            with suppress(OSError, ValueError, AttributeError):
                found = json.loads(path.read_text(encoding="utf-8"))
                enabled |= found.get("ServerApp", {}).get("jpserver_extensions", {})
    findings = []
    for name in _EXTENSIONS:
        module = f"nbgrader.server_extensions.{name}"
        if enabled.get(module):
            findings.append(Finding(f"extension {name}", "ok", "enabled"))
        else:
            state = "warn" if name in _TEACHERS else "fail"  # a student needs none of these
            remedy = f"jupyter server extension enable --sys-prefix {module}"
            findings.append(Finding(f"extension {name}", state, "not enabled", remedy))
    pages = [Path(folder, "@jupyter/nbgrader") for folder in jupyter_path("labextensions")]
    if any((page / "package.json").is_file() for page in pages):
        findings.append(Finding("menu in JupyterLab", "ok", "installed"))
    else:
        remedy = "pip install --force-reinstall --no-deps nbgrader"
        findings.append(Finding("menu in JupyterLab", "fail", "not installed", remedy))
    return findings


def _frames() -> list[Finding]:
    """Whether this user's server lets JupyterLab show Formgrader, which is a page in a frame.

    JupyterHub forbids frames since 4.1.  The server itself is asked: it may be told so in its
    settings or by the spawner.  Nothing is found where this does not run on a hub.
    """
    address = os.environ.get("JUPYTERHUB_SERVICE_URL")  # the spawner's own variable
    if not address:
        return []
    parts = urlsplit(address)
    host = "127.0.0.1" if parts.hostname in (None, "0.0.0.0") else parts.hostname
    what, url = (
        "Formgrader in a frame",
        f"{parts.scheme}://{host}:{parts.port or 80}{parts.path}api",
    )
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=10) as answer:
            policy = answer.headers.get("Content-Security-Policy", "")
    except (URLError, OSError, ValueError) as error:
        found = f"the server at {url} does not answer ({error})"
        return [Finding(what, "warn", found, "run this in a terminal of JupyterLab")]
    if "frame-ancestors 'none'" not in policy:
        return [Finding(what, "ok", "allowed")]
    found = "this server forbids it: JupyterLab shows an empty page in its place"
    remedy = (
        'c.ServerApp.tornado_settings = {"headers": {"Content-Security-Policy": '
        "\"frame-ancestors 'self'\"}} in jupyter_server_config.py"
    )
    return [Finding(what, "warn", found, remedy)]  # a student needs it not


def _shared() -> Finding:
    """Whether users could change the course's package for each other."""
    import labkit

    package = Path(labkit.__file__).resolve().parent
    if package.stat().st_mode & stat.S_IWOTH:
        found = f"everybody may change {package}, and so what grades them"
        return Finding("labkit", "fail", found, f"chmod -R o-w {package}")
    return Finding("labkit", "ok", f"{package}, with the Python {sys.executable}")
