"""One notebook, three ways: the student's check, the grader, and stock nbgrader in a kernel."""

import copy

import nbformat
import pytest
import warm
from nbclient import NotebookClient
from nbgrader.utils import determine_grade
from notebooks import cell, entry, solved, source, to_bytes

from labkit.checks import REGISTRY, VISIBLE_SEED
from labkit.checks.process.host import Plain
from labkit.checks.process.submission import Submission
from labkit.grading.running.one_submission import grade_one
from labkit.grading.submissions.outcomes import Handed
from labkit.grading.submissions.own_file import read_own_file

EXERCISES = [exercise for exercise in REGISTRY.values() if exercise.lab == "pruning"]

pytestmark = pytest.mark.slow

IMPORTS = """try:
    import labkit
except ImportError:
    !pip install -q llm-sparsity-lab
gpu = !nvidia-smi -L
display("start")
get_ipython().run_line_magic("matplotlib", "inline")
if __name__ == "__main__":
    STABLE = True
"""


def ordinary():
    """All right, and changed in ways that a kernel does not mind."""
    notebook = solved()

    def change(id, text):
        cell(notebook, id).source = text

    def answer(exercise):
        return cell(notebook, f"pruning-{exercise}-answer").source

    imports = next(c for c in notebook.cells if "import torch" in c.source)
    imports.source = IMPORTS + imports.source
    stable = answer("magnitude_mask").replace("stable=True", "stable=STABLE")
    change("pruning-magnitude_mask-answer", stable + "\n\ntorch.argsort?")
    indented = "\n".join(f"    {line}" for line in answer("global_threshold").splitlines())
    change("pruning-global_threshold-answer", indented)
    awaited = "\nimport asyncio\nawait asyncio.sleep(0)"
    change("pruning-apply-answer", answer("apply") + awaited)
    change("pruning-cubic-answer", "STABLE = 3\n" + answer("cubic"))
    # Two that lose: what is above a graded cell counts, and what a kernel cannot read.
    change("pruning-sweep-answer", answer("sweep") + "\nsweep = sweep({}, [])")
    change("pruning-achieved-answer", answer("achieved") + "\nx = = 3")
    last = "import numpy as np\ntorch = np\ndef sparsity_by_layer(*_):\n    return {}"
    notebook.cells.append(nbformat.v4.new_code_cell(last))
    return notebook


def stock(notebook):
    """Points as nbgrader gives them: its graded cells, run in order in a kernel."""
    notebook = copy.deepcopy(notebook)
    for c in notebook.cells:
        if entry(c).get("locked"):
            c.source = cell(source(), c.id).source
    NotebookClient(notebook, timeout=300, kernel_name="python3", allow_errors=True).execute()
    ids = [exercise.grade_id for exercise in EXERCISES]
    return [determine_grade(cell(notebook, id))[0] for id in ids]


def checked(data, folder):
    """Points of `labkit check`."""
    (folder / "pruning.ipynb").write_bytes(data)
    own = read_own_file(folder / "pruning.ipynb")
    nbformat.write(own.notebook, folder / "own.ipynb")
    with Submission(folder / "own.ipynb") as submission:
        grades = {e.id: submission.grade(e, VISIBLE_SEED) for e in submission.in_order(EXERCISES)}
    return [grades[exercise.id].points for exercise in EXERCISES]


def test_a_notebook_earns_the_same_in_check_grade_and_a_kernel(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", str(warm.kernels(tmp_path / "warm")))
    notebook = ordinary()
    handed = Handed(student="ada", lab="pruning", data=to_bytes(notebook))
    outcome = grade_one(handed, nbformat.writes(source()), 7, Plain())
    points = [score.points for score in outcome.scores]
    lost = {e.id for e, p in zip(EXERCISES, points, strict=True) if p < e.points}
    assert lost == {"pruning.sweep", "pruning.achieved"}
    assert points == checked(to_bytes(notebook), tmp_path) == stock(notebook)
