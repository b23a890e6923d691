"""`labkit doctor --hub` names what nbgrader lacks on a hub, and the command that mends it."""

import sqlite3
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from labkit.cli.doctor_hub import examine_hub


@pytest.fixture
def course(tmp_path, monkeypatch):
    """`course(id)` → a course with an exchange beside it, and no settings but its own."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("JUPYTERHUB_SERVICE_URL", raising=False)
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)

    def made(id="llm"):
        lines = [f"c = get_config()\nc.CourseDirectory.course_id = {id!r}\n"]
        lines += [f"c.Exchange.root = {str(exchange)!r}\n"]
        (tmp_path / "nbgrader_config.py").write_text("".join(lines))
        return tmp_path

    return made


def found(folder, what):
    return [(one.state, one.found, one.remedy) for one in examine_hub(folder) if one.what == what]


def test_all_is_well(course):
    folder = course()
    assert {one.state for one in examine_hub(folder)} == {"ok"}
    assert found(folder, "course id") == [("ok", "llm", "")]
    assert found(folder, "exchange") == [("ok", str(folder / "exchange"), "")]


def test_an_exchange_that_is_closed_or_missing(course):
    folder = course()
    exchange = folder / "exchange"
    exchange.chmod(0o755)
    ((state, said, remedy),) = found(folder, "exchange")
    assert state == "fail" and "755" in said and remedy == f"chmod 777 {exchange}"
    exchange.rmdir()
    ((state, _, remedy),) = found(folder, "exchange")
    assert state == "fail" and remedy.startswith("mkdir -p")


def test_folders_in_the_exchange_that_lock_students_out(course):
    folder = course()
    for name, mode in [("inbound", 0o711), ("outbound", 0o755), ("feedback", 0o700)]:
        path = folder / "exchange" / "llm" / name
        path.mkdir(parents=True)
        path.chmod(mode)
    (_, one, other) = found(folder, "exchange")
    assert "students cannot submit" in one[1] and one[2].startswith("chmod 733")
    assert "fetch their feedback" in other[1] and other[2].startswith("chmod 711")


@pytest.mark.parametrize("id", ["", "a+b", "a b", "a/b"])
def test_a_course_id_that_is_none(course, id):
    ((state, *_),) = found(course(id), "course id")
    assert state == "fail"


def test_a_course_id_that_is_not_the_gradebooks(course):
    folder = course()
    with sqlite3.connect(folder / "gradebook.db") as book:
        book.execute("CREATE TABLE assignment (id TEXT, course_id TEXT)")
        book.execute("INSERT INTO assignment VALUES ('x', 'other')")
    book.close()
    ((state, said, _),) = found(folder, "course id")
    assert state == "fail" and "the gradebook is of 'other'" in said


def test_extensions_that_are_switched_off(course, tmp_path, monkeypatch):
    folder = course()
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")  # the user's settings come first
    settings = tmp_path / "config"
    settings.mkdir()
    (settings / "jupyter_server_config.json").write_text(
        '{"ServerApp": {"jpserver_extensions": {"nbgrader.server_extensions.assignment_list": '
        'false, "nbgrader.server_extensions.formgrader": false}}}'
    )
    ((state, _, remedy),) = found(folder, "extension assignment_list")
    assert state == "fail" and remedy.startswith("jupyter server extension enable")
    ((state, *_),) = found(folder, "extension formgrader")
    assert state == "warn"


@pytest.mark.parametrize(
    ("policy", "state"),
    [("frame-ancestors 'none'", "warn"), ("frame-ancestors 'self'; default-src 'none'", "ok")],
)
def test_a_server_that_forbids_frames_shows_no_formgrader(course, monkeypatch, policy, state):
    asked = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        url = f"http://:{server.server_port}/user/ada/"  # of all of its addresses
        monkeypatch.setenv("JUPYTERHUB_SERVICE_URL", url)
        ((found_state, _, remedy),) = found(course(), "Formgrader in a frame")
    assert found_state == state and asked == ["/user/ada/api"]
    assert ("frame-ancestors 'self'" in remedy) == (state == "warn")


def test_a_server_that_does_not_answer_is_told(course, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_SERVICE_URL", "http://127.0.0.1:9/user/ada/")
    ((state, said, _),) = found(course(), "Formgrader in a frame")
    assert state == "warn" and "does not answer" in said
