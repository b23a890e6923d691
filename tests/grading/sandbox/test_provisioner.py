"""Stock `nbgrader autograde` with its kernels in the sandbox, by configuration alone."""

import asyncio
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
import warm
from places import ROOT
from sandboxed import needs_sandbox

LAB = "size"
SECRET = "a secret that nobody may read"
ANSWERS = ("size-entropy", "size-break_even_sparsity")

pytestmark = [needs_sandbox, pytest.mark.slow]

HOSTILE = """
import os, socket
from pathlib import Path

taken = []
for path in [COURSE, COURSE + "/gradebook.db", "../../../solutions", "../../other", "/root/.ssh"]:
    taken += [path] * Path(path).exists()
for name in ("HOME", "USER", "A_SECRET"):
    taken += [name] * (os.environ.get(name) in (TAKEN, "a secret that nobody may read"))
try:
    socket.create_connection(("127.0.0.1", PORT), 1)
    taken.append("network")
except OSError:
    pass
try:
    Path(COURSE, "written").write_text("x")
    taken.append("written")
except OSError:
    pass
Path("mine.txt").write_text("the working folder is writable")
print("TAKEN", taken, Path.cwd())
"""


def _submission(answered: bool, first: str = "") -> nbformat.NotebookNode:
    notebook = nbformat.read(ROOT / f"exercises/{LAB}/{LAB}.ipynb", as_version=4)
    solution = nbformat.read(ROOT / f"solutions/{LAB}/{LAB}.ipynb", as_version=4)
    right = {cell.id: cell.source for cell in solution.cells}
    kept = []
    for cell in notebook.cells:
        if cell.id.removesuffix("-answer") in ANSWERS and cell.id.endswith("-answer") and answered:
            cell.source = right[cell.id]
        if cell.cell_type != "code" or "nbgrader" in cell.metadata or "import" in cell.source:
            kept.append(cell)
    notebook.cells = [nbformat.v4.new_code_cell(first), *kept] if first else kept
    return notebook


@pytest.fixture(scope="module")
def registered(tmp_path_factory):
    """A folder for PYTHONPATH that announces the provisioner, as an installation does."""
    folder = tmp_path_factory.mktemp("installed")
    info = folder / "labkit_sandbox-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: labkit-sandbox\nVersion: 0\n")
    (info / "entry_points.txt").write_text(
        "[jupyter_client.kernel_provisioners]\n"
        "labkit-sandbox = labkit.grading.sandbox.provisioner:SandboxProvisioner\n"
    )
    return folder


def test_stock_autograde_in_the_sandbox(tmp_path, registered):
    import socket

    for name in ("solutions", "exercises"):
        shutil.copytree(ROOT / name / LAB, tmp_path / name / LAB)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        values = {
            "COURSE": str(tmp_path),
            "PORT": server.getsockname()[1],
            "TAKEN": str(Path.home()),
        }
        known = "".join(f"{name} = {value!r}\n" for name, value in values.items())
        for student, notebook in {
            "honest": _submission(True),
            "hostile": _submission(True, known + HOSTILE),
        }.items():
            path = tmp_path / "submitted" / student / LAB / f"{LAB}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(notebook, path)
        (path.parent / "secrets").symlink_to(tmp_path / "gradebook.db")
        path.parent.joinpath("data.csv").write_text("1,2,3")
        environment = {
            **os.environ,
            "LABKIT_SANDBOX": "1",
            "JUPYTER_CONFIG_DIR": str(tmp_path / "jupyter"),
            "LABKIT_GRADING_SEED": "rehearsal",
            "A_SECRET": SECRET,
            "PYTHONPATH": os.pathsep.join([str(registered), str(ROOT)]),
        }
        for command in ("generate_assignment", "autograde"):
            done = subprocess.run(
                warm.command("nbgrader", command, LAB),
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=500,
            )
            assert done.returncode == 0, done.stderr[-4000:]
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db", "llm-sparsity-lab") as book:
        for student in ("honest", "hostile"):
            points = [book.find_grade(id, LAB, LAB, student).auto_score for id in ANSWERS]
            assert points == [4, 4], student
    graded = nbformat.read(tmp_path / "autograded/hostile" / LAB / f"{LAB}.ipynb", as_version=4)
    said = "".join(out.get("text", "") for out in graded.cells[0].outputs)
    assert said == "TAKEN [] /box\n", graded.cells[0].outputs
    written = [path.name for path in tmp_path.rglob("*") if path.name in ("written", "mine.txt")]
    assert written == []


async def _interrupted() -> list[str]:
    from jupyter_client.manager import AsyncKernelManager

    said = []

    def note(message):
        if message["msg_type"] in ("stream", "error"):
            said.append(message["content"].get("text") or message["content"]["ename"])

    manager = AsyncKernelManager()
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=120)
        asyncio.get_running_loop().call_later(2, asyncio.ensure_future, manager.interrupt_kernel())
        for code in ("while True: pass", "print('alive')"):
            await client.execute_interactive(code, output_hook=note, timeout=120)
        folder = Path(manager.connection_file).parent
        assert folder.is_dir()
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
    assert not folder.exists()
    return said


def test_an_interrupt_reaches_the_kernel(monkeypatch):
    from importlib.metadata import EntryPoint

    from jupyter_client.provisioning import KernelProvisionerFactory

    name = "labkit-sandbox"
    entry = EntryPoint(name, "labkit.grading.sandbox.provisioner:SandboxProvisioner", "")
    monkeypatch.setitem(KernelProvisionerFactory.provisioners, name, entry)
    monkeypatch.setattr(KernelProvisionerFactory.instance(), "default_provisioner_name", name)
    # In a thread of its own: a browser that other tests have opened runs a loop in this one.
    with ThreadPoolExecutor(1) as threads:
        said = threads.submit(asyncio.run, _interrupted()).result()
    assert said == ["KeyboardInterrupt", "alive\n"]
