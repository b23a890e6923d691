"""Cells run as in a kernel: IPython's language and names, each answer judged where it is graded."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from labkit.checks import REGISTRY
from labkit.checks.process.submission import Submission

MASK, CUBIC = REGISTRY["pruning.magnitude_mask"], REGISTRY["pruning.cubic"]
RIGHT = """
def magnitude_mask(weight, sparsity):
    order = weight.abs().flatten().argsort(stable=STABLE)
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[order[: round(sparsity * weight.numel())]] = False
    return mask.reshape(weight.shape)
"""
RAMP = """
def cubic_sparsity(step, start, end, final, initial=0.0):
    if step < start:
        return initial
    if step >= end:
        return final
    return final + (initial - final) * ((end - step) / (end - start)) ** 3
"""

# Each cell runs in a kernel to its end; what it then knows is asserted.
LANGUAGE = [
    "try:\n    import labkit\nexcept ImportError:\n    !pip install -q llm-sparsity-lab\nA = 1",
    "!pip install -q \\\n    torch \\\n    transformers\nB = 2",
    "%pip install -q torch\nC = 3\nassert (A, B, C) == (1, 2, 3)",
    "said = !nvidia-smi -L\nassert len(said) == 1 and 'not found' in said.n\n"
    "!ls\nassert _exit_code != 0",
    "%%bash\nexit 3",
    "print?",
    "%matplotlib inline\nt = %timeit -o -n 1 -r 1 sum([1])\nassert t.best >= 0",
    "import asyncio\nasync def later():\n    return 7\nassert await later() == 7\n"
    "asyncio.get_running_loop()",
    "    def indented():\n        return 1\n    assert indented() == 1",
    ">>> def pasted():\n...     return 2\n>>> assert pasted() == 2",
    "%%time\ntimed = 5",
    "assert timed == 5 and _ is not timed\n6",
    "assert _ == 6 and Out and In",
    "x = (\n    7\n    % 4\n)\nassert x == 3",
    "display(x, 'text')\nfrom IPython.display import display as shown\nshown(x)",
    "assert get_ipython() is not None and 'IPython' in type(get_ipython()).__mro__[1].__module__",
    "assert __name__ == '__main__'\nimport __main__\nassert __main__.x == 3",
    "from __future__ import annotations",
    "def untold(a: not_there): ...\nassert untold.__annotations__ == {'a': 'not_there'}",
    "%%writefile helper.py\nVALUE = 11",
    "import helper\nassert helper.VALUE == 11",
    "import matplotlib\nmatplotlib.use('TkAgg')\nimport matplotlib.pyplot as plt",
    "plt.switch_backend('TkAgg')\nplt.figure()\nplt.show()",
    "import inspect\ndef seen():\n    return 1\nassert 'return 1' in inspect.getsource(seen)",
    "exit()",
]
PLAIN_ENDS = ["%not_a_magic", "%%time\n1 / 0", "return 3", "x = = 3"]


def notebook_of(folder, cells):
    """A notebook of code cells; an exercise stands for its graded cell."""
    made = []
    for cell in cells:
        if isinstance(cell, str):
            made.append(new_code_cell(cell))
        else:
            entry = {"grade": True, "solution": False, "grade_id": cell.grade_id}
            made.append(new_code_cell("", metadata={"nbgrader": entry}))
    path = folder / "pruning.ipynb"
    nbformat.write(new_notebook(cells=made), path)
    return path


def test_ipython_reads_the_cells_and_gives_what_a_kernel_gives(tmp_path):
    cells = ["import torch\nSTABLE = True", RIGHT, *LANGUAGE, *PLAIN_ENDS]
    with Submission(notebook_of(tmp_path, cells)) as submission:
        assert submission.grade(MASK, 1).score == 1
        last = 2 + len(LANGUAGE)
        assert [n for n, _ in submission.errors] == list(range(last + 1, last + 5))
        said = " / ".join(text for _, text in submission.errors)
        assert "not_a_magic" in said and "ZeroDivisionError" in said
        assert submission.passed_over[0] == (4, "pip install -q torch transformers")
        assert (5, "%pip install -q torch") in submission.passed_over


LATER = "import numpy as np\ntorch = np\nround = 3\nSTABLE = 3\n"
OLD = "def magnitude_mask(weight, sparsity):\n    return weight > 0\n"


def test_what_stands_below_a_graded_cell_costs_nothing(tmp_path):
    cells = ["import torch\nSTABLE = True", RIGHT, MASK, LATER + OLD, RAMP, "round(2.5)", CUBIC]
    with Submission(notebook_of(tmp_path, [*cells, "1 / 0"])) as submission:
        assert submission.in_order([CUBIC, MASK]) == [MASK, CUBIC]
        assert submission.grade(MASK, 1).score == 1
        assert submission.errors == []
        assert submission.grade(CUBIC, 1).score == 1
        assert [number for number, _ in submission.errors] == [6]
        submission.finish()
        assert [number for number, _ in submission.errors] == [6, 8]
        # Whoever asks for an earlier one again has the cells run again.
        assert submission.grade(MASK, 1).score == 1


def test_what_stands_above_a_graded_cell_counts(tmp_path):
    cells = ["import torch\nSTABLE = True", RIGHT, "magnitude_mask = 3", MASK]
    with Submission(notebook_of(tmp_path, cells)) as submission:
        grade = submission.grade(MASK, 1)
    assert "magnitude_mask is no function but a value of type int" in grade.verdicts[0].message


@pytest.mark.parametrize(
    ("imports", "why"),
    [
        ("import nothing_of_this_name\nimport torch\nSTABLE = True", "raised ModuleNotFoundError"),
        ("import torch\nSTABLE = True\nx = = 3", "raised SyntaxError"),
    ],
)
def test_a_verdict_names_the_cell_that_failed_before(tmp_path, imports, why):
    with Submission(notebook_of(tmp_path, [imports, RIGHT, MASK])) as submission:
        message = submission.grade(MASK, 1).verdicts[0].message
    assert "name 'torch' is not defined" in message or "name 'STABLE' is not defined" in message
    assert f"(code cell 1, which should define it, {why}" in message


def test_what_ipython_shows_in_a_function_is_no_forbidden_call(tmp_path):
    shown = RIGHT.replace("    order", "    display(sparsity)\n    order", 1)
    cells = ["import torch\nSTABLE = True", shown, MASK]
    with Submission(notebook_of(tmp_path, cells)) as submission:
        grade = submission.grade(MASK, 1)
    assert [str(v) for v in grade.verdicts if not v.passed] == []
