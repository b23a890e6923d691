"""A JupyterHub on this machine, with the course in the instructor's home and an exchange."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import set_up
import warm
from notebooks import ROOT

COURSE, LAB = "llm-sparsity-lab", "weights"  # a lab with a question that a person grades
TEACHER, STUDENTS = "teacher", ("ada", "ben")
PASSWORD = "on this machine only"
PATIENCE = 180  # seconds for a step of a page: a server starts, a notebook is validated

# The spawner runs all servers under one account: who somebody is stands in the hub's variable.
EVERYBODYS = """\
import os
c = get_config()
c.CourseDirectory.course_id = {course!r}
c.Exchange.root = {exchange!r}
c.Execute.timeout = 180
if os.environ.get("JUPYTERHUB_USER") in {students!r}:
    c.CourseDirectory.student_id = os.environ["JUPYTERHUB_USER"]
"""

# JupyterHub forbids frames, and JupyterLab opens Formgrader in one.
SERVERS = """\
c = get_config()
c.ServerApp.tornado_settings = {
    "headers": {"Content-Security-Policy": "frame-ancestors 'self'"}
}
"""

HUB = """\
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{public}"
c.JupyterHub.hub_port = {hub}
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r} + "/{{username}}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = {arguments!r}
c.Spawner.environment = {environment!r}
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = c.Spawner.http_timeout = {patience}
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.JupyterHub.cleanup_servers = c.JupyterHub.cleanup_proxy = True
"""


@dataclass(frozen=True)
class Hub:
    """A hub that runs: its address, its exchange, and the home of each user."""

    address: str
    exchange: Path
    homes: Path
    environment: dict[str, str]

    @property
    def course(self) -> Path:
        """The course's folder is the instructor's home."""
        return self.homes / TEACHER

    def command(self, user: str, module: str, *arguments: str) -> str:
        """Run a command as in a terminal of a user's server; returns what it says."""
        own = {"HOME": str(self.homes / user), "JUPYTERHUB_USER": user}
        own["JUPYTERHUB_SERVICE_URL"] = f"{self.address}user/{user}/"
        done = subprocess.run(
            warm.command(module, *arguments),
            cwd=self.homes / user,
            env={**os.environ, **self.environment, **own},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


@contextmanager
def started(place: Path):
    """Yield a hub whose files lie in `place`; the homes of the students are empty."""
    homes, exchange, settings = (place / name for name in ("homes", "exchange", "settings"))
    for folder in (exchange, settings, *(homes / name for name in (TEACHER, *STUDENTS))):
        folder.mkdir(parents=True)
    exchange.chmod(0o777)
    values = {"course": COURSE, "exchange": str(exchange), "students": STUDENTS}
    (settings / "nbgrader_config.py").write_text(EVERYBODYS.format(**values))
    (settings / "jupyter_server_config.py").write_text(SERVERS)
    for folder in ("solutions", "exercises"):
        shutil.copytree(ROOT / folder / LAB, homes / TEACHER / folder / LAB)
    shutil.copy(ROOT / "nbgrader_config.py", homes / TEACHER)
    environment = {
        "JUPYTER_CONFIG_DIR": str(settings),
        # What pip put into the environment of the course, beside which the hub has one of its own.
        "JUPYTER_CONFIG_PATH": f"{sys.prefix}/etc/jupyter",
        "JUPYTER_PATH": f"{sys.prefix}/share/jupyter",
        "JUPYTERLAB_DIR": f"{sys.prefix}/share/jupyter/lab",
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
    }
    public, internal, api = _free_ports(3)
    (place / "jupyterhub_config.py").write_text(
        HUB.format(
            public=public,
            hub=internal,
            api=api,
            password=PASSWORD,
            homes=str(homes),
            python=str(set_up.PYTHON),
            arguments=["--allow-root"] if os.geteuid() == 0 else [],
            environment=environment,
            patience=PATIENCE,
            proxy=str(set_up.PROXY_PROGRAM),
        )
    )
    log = place / "hub.log"
    programs = (str(set_up.PYTHON.parent), str(Path(sys.executable).parent), os.environ["PATH"])
    with log.open("wb") as said:
        process = subprocess.Popen(
            [str(set_up.PYTHON), "-m", "jupyterhub"],
            cwd=place,
            env={**os.environ, "PATH": os.pathsep.join(programs)},
            stdout=said,
            stderr=said,
        )
    address = f"http://127.0.0.1:{public}/"
    try:
        _wait(process, f"{address}hub/health", log)
        yield Hub(address, exchange, homes, environment)
    finally:
        process.terminate()  # it ends its proxy and the servers
        process.wait(timeout=PATIENCE)


def _free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _wait(process, address, log):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            ended = process.poll() is not None or time.monotonic() > end
            assert not ended, log.read_text(errors="replace")[-4000:]
            time.sleep(0.2)
