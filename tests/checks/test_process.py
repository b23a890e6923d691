"""What a submission does in its process changes nothing about what the checks find."""

import io
import struct
import subprocess
import zipfile
from collections import defaultdict, namedtuple
from fractions import Fraction

import nbformat
import pytest
import torch
import warm
from nbformat.v4 import new_code_cell, new_notebook
from places import ROOT

from labkit.checks import REGISTRY
from labkit.checks.engine import judge
from labkit.checks.engine.deadline import PATIENCE
from labkit.checks.engine.exercise import PLACEHOLDER
from labkit.checks.engine.model_data import ModelData, Other
from labkit.checks.engine.plain_data import decode, dumps, encode, loads
from labkit.checks.engine.quick_data import MARK
from labkit.checks.process.exercises_in import tasks_in, words_in
from labkit.checks.process.forked import Forked
from labkit.checks.process.host import Plain
from labkit.checks.process.submission import GRACE, Submission
from labkit.errors import InputError

MASK = REGISTRY["pruning.magnitude_mask"]
WRONG = "def magnitude_mask(weight, sparsity):\n    return weight > 0\n"
RIGHT = """
def magnitude_mask(weight, sparsity):
    order = weight.abs().flatten().argsort(stable=True)
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[order[: round(sparsity * weight.numel())]] = False
    return mask.reshape(weight.shape)
"""


def _grade(tmp_path, text, exercise=MASK, seconds=5.0):
    path = tmp_path / "submission.py"
    path.write_text("import torch\n" + text)
    with Submission(path, seconds) as submission:
        return submission.grade(exercise, seed=3)


def test_right_answer_gets_all_points(tmp_path):
    assert _grade(tmp_path, RIGHT).score == 1


PATCHES = """
import builtins
import labkit.checks.engine.exercise, labkit.checks.scoring, labkit.checks.engine.judge
torch.equal = lambda *_: True
torch.Tensor.__eq__ = lambda *_: torch.tensor(True)
engine = labkit.checks.engine.judge
engine.judge = engine.check = lambda *_: ()
labkit.checks.scoring.grade = labkit.checks.scoring.grade_trial = lambda *_, **__: 1
labkit.checks.engine.exercise.Verdict.__init__ = lambda *_: None
builtins.all = builtins.any = lambda *_: True
"""
FORGED = """
    import os
    for descriptor in range(3, 12):
        try:
            os.write(descriptor, b"x" * 99)
        except OSError:
            pass
"""


def test_patches_of_a_submission_are_of_no_use(tmp_path):
    plain = _grade(tmp_path, WRONG)
    patched = _grade(tmp_path, WRONG + PATCHES)
    assert plain.score < 0.5
    assert patched.score <= plain.score


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("import os; os._exit(3)", "ended its process (exit code 3)"),
        ("raise SystemExit", "raised SystemExit"),
        ("return open", "a value of type"),
        ("x = []; x.append(x); return x", "looking at the result raised RecursionError"),
        (FORGED, "is no data"),
    ],
)
def test_bad_ends_are_verdicts(tmp_path, body, message):
    grade = _grade(tmp_path, f"def magnitude_mask(weight, sparsity):\n    {body}\n")
    assert grade.score == 0
    assert message in grade.verdicts[0].message


def test_a_loop_that_catches_everything_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("labkit.checks.process.submission.GRACE", 1.0)
    text = """
def magnitude_mask(weight, sparsity):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
"""
    grade = _grade(tmp_path, text, seconds=0.5)
    assert grade.score == 0
    assert f"no answer after {0.5 * PATIENCE + 1:g} s" in grade.verdicts[0].message


def test_a_change_of_the_input_is_seen_from_outside(tmp_path):
    grade = _grade(tmp_path, RIGHT.replace("    order", "    weight.abs_()\n    order"))
    assert "changed its weight in place" in grade.verdicts[-1].message


def test_what_one_submission_does_to_its_inputs_is_nothing_to_the_next(tmp_path):
    right = _grade(tmp_path, RIGHT)
    zeroed = _grade(tmp_path, RIGHT.replace("    order", "    weight.zero_()\n    order"))
    assert zeroed.score < 1
    assert _grade(tmp_path, WRONG).verdicts == _fresh(tmp_path, WRONG).verdicts
    assert _grade(tmp_path, RIGHT) == right == _fresh(tmp_path, RIGHT)


def _fresh(tmp_path, text):
    """As `_grade`, with inputs that are drawn anew."""
    judge._drawn.cache_clear()
    return _grade(tmp_path, text)


def test_a_forbidden_call_is_seen_from_outside(tmp_path):
    text = """
from torch.nn.utils import prune as other
def magnitude_mask(weight, sparsity):
    method = other.L1Unstructured(sparsity)
    return method.compute_mask(weight, torch.ones_like(weight)).bool()
"""
    grade = _grade(tmp_path, text)
    assert grade.score == 0
    assert "does the exercise for you" in grade.verdicts[0].message


@pytest.mark.parametrize("noisy", ["print('noise')", "import os; os.write(2, b'noise')"])
def test_noise_is_seen_from_outside(tmp_path, noisy):
    grade = _grade(tmp_path, RIGHT.replace("    order", f"    {noisy}\n    order", 1))
    *others, verdict = grade.verdicts
    assert all(other.passed for other in others)
    assert str(verdict).startswith("failed  prints nothing: it printed 'noise")


def test_a_setting_left_behind_is_seen_from_outside(tmp_path):
    off = "    torch.set_grad_enabled(False)\n    order"
    *others, verdict = _grade(tmp_path, RIGHT.replace("    order", off, 1)).verdicts
    assert all(other.passed for other in others)
    assert "left gradients switched off" in str(verdict)


def test_a_cell_that_raises_leaves_the_others(tmp_path):
    with Submission(ROOT / "exercises/pruning/pruning.ipynb") as submission:
        assert submission.grade(MASK, 1).score == 0
    path = tmp_path / "broken.py"
    path.write_text(f"# %%\nimport torch\n1 / 0\n# %%\nprint('x'\n# %%{RIGHT}")
    with Submission(path) as submission:
        assert submission.grade(MASK, 1).score == 1
        assert [number for number, _ in submission.errors] == [1, 2]


def test_lines_for_ipython_are_left_out_and_lines_of_python_are_not(tmp_path):
    lines = "return (\n        mask.reshape(weight.shape)\n        != torch.zeros(())\n    )"
    cells = ["%%time\nimport torch", "!true\n%matplotlib inline\nx = 1"]
    cells.append(RIGHT.replace("return mask.reshape(weight.shape)", lines))
    cells.append("y = (\n    7\n    % 4\n)\nassert y == 3")
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, tmp_path / "magics.ipynb")
    with Submission(tmp_path / "magics.ipynb") as submission:
        assert submission.grade(MASK, 1).score == 1
        assert submission.errors == []


def test_a_later_cell_that_takes_the_name_leaves_the_function(tmp_path):
    trial = "# %%\nmagnitude_mask = magnitude_mask(torch.ones(4), 0.5)\n"
    assert _grade(tmp_path, f"{RIGHT}\n{trial}").score == 1


def test_a_cell_that_ends_the_process_is_left_out(tmp_path):
    path = tmp_path / "ends.py"
    path.write_text(f"# %%\nimport torch\n# %%\nimport os; os._exit(4)\n# %%{RIGHT}")
    with Submission(path) as submission:
        assert submission.grade(MASK, 1).score == 1
        assert submission.errors == [(2, "the code ended its process (exit code 4)")]


def test_a_fork_serves_the_first_start_and_a_new_process_the_next(tmp_path):
    path = tmp_path / "submission.py"
    path.write_text(f"# %%\nimport torch\n# %%\nimport os; os._exit(4)\n# %%{RIGHT}")
    with Forked() as host, Submission(path, host=host) as submission:
        assert submission.grade(MASK, seed=3).score == 1
        assert submission.errors == [(2, "the code ended its process (exit code 4)")]


def test_figures_for_an_answer_in_words_are_not_computed(tmp_path):
    figures = new_code_cell("1 / 0", id="challenges-conclusion-code-1")
    cells = [new_code_cell("import torch"), figures, new_code_cell(RIGHT), new_code_cell("2 / 0")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "figures.ipynb")
    with Submission(tmp_path / "figures.ipynb") as submission:
        assert submission.grade(MASK, 1).score == 1
        assert [number for number, _ in submission.errors] == [4]


def test_a_cell_that_does_not_end_is_left_out(tmp_path, monkeypatch):
    assert Plain.loading > Plain.cell + GRACE  # or one such cell takes the time of all
    monkeypatch.setattr(Plain, "cell", 0.5)
    monkeypatch.setattr("labkit.checks.process.submission.GRACE", 0.5)
    path = tmp_path / "endless.py"
    # Importing torch may take longer than the cell has: that is left to the call.
    right = RIGHT.replace("    order", "    import torch\n    order", 1)
    path.write_text(f"# %%\nwhile True:\n    pass\n# %%{right}")
    with Submission(path) as submission:
        assert submission.grade(MASK, 1).score == 1
        ((number, text),) = submission.errors
        assert number == 1 and "no answer after 1 s" in text


def test_a_submission_of_cells_that_end_the_process_is_given_up(tmp_path):
    path = tmp_path / "ends.py"
    path.write_text("# %%\nimport os; os._exit(4)\n" * 6 + f"# %%\nimport torch{RIGHT}")
    with Submission(path) as submission:
        grade = submission.grade(MASK, 1)
        assert "could not be run: the code ended its process" in grade.verdicts[0].message
        assert [number for number, _ in submission.errors] == [1, 2, 3, 4]


def test_values_survive_the_way():
    tied = torch.nn.ModuleDict({"a": torch.nn.Linear(2, 2), "b": torch.nn.Linear(2, 2)})
    tied["b"].weight = tied["a"].weight
    value = {"x": [1, 2.5, None, True, "t"], "y": (torch.arange(3), torch.zeros(0))}
    back = loads(dumps(value))
    assert back["x"] == value["x"] and type(back["y"]) is tuple
    assert torch.equal(back["y"][0], torch.arange(3))
    model = loads(dumps(tied))
    assert isinstance(model, ModelData) and model.kind.endswith("ModuleDict")
    assert torch.equal(model.contents["b.weight"], tied["a"].weight)
    ends = namedtuple("Ends", "low high")(Fraction(1, 4), 0.5)
    assert loads(dumps([ends, defaultdict(int, a=1)])) == [(0.25, 0.5), {"a": 1}]
    assert loads(dumps(open)) == Other("builtins.builtin_function_or_method")


def test_shared_memory_survives_the_way():
    row = torch.arange(6.0)
    back = loads(dumps({"views": [row[:4], row.reshape(2, 3).t()], "apart": row.clone()}))
    first, second = back["views"]
    assert torch.equal(second, row.reshape(2, 3).t())
    first[1] = 9.0
    assert second[1, 0] == 9.0
    assert back["apart"][1] == 1.0


def test_memory_that_cannot_be_shared_is_copied():
    row = torch.arange(4.0)
    two = loads(dumps([row, row.view(torch.int32)]))
    assert torch.equal(two[0], row) and torch.equal(two[1], row.view(torch.int32))
    wide = torch.zeros(1).expand(1000)
    assert loads(dumps(wide)).untyped_storage().nbytes() == 4000
    # A few entries of a large memory do not take all of it along.
    assert len(dumps(torch.zeros(2**22)[:3])) < 2**16


def test_sharing_between_results_is_seen_from_outside(tmp_path):
    text = (ROOT / "tests/labs/variants/pruning.sweep/wrong_cached.py").read_text()
    grade = _grade(tmp_path, text, REGISTRY["pruning.sweep"])
    messages = {verdict.name: verdict.message for verdict in grade.verdicts}
    assert "one tensor in several results" in messages["copies of their own"]


@pytest.mark.parametrize("data", [["plain", []], ["list", 3], [], ["object", "os.system", "x"]])
def test_what_is_no_data_is_refused(data):
    with pytest.raises(ValueError, match="no data"):
        decode(data)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(1).expand(10**12),
        torch.sparse_coo_tensor(torch.zeros(1, 1), torch.ones(1), (10**10,)),
    ],
)
def test_a_tensor_that_claims_more_than_it_has_is_refused(tensor):
    with pytest.raises(ValueError, match="more entries"):
        decode(["tensor", tensor, False])


def test_a_reply_that_unpacks_to_more_is_refused():
    stored, deflated = io.BytesIO(_saved(encode([1.5]))), io.BytesIO()
    with (
        zipfile.ZipFile(stored) as source,
        zipfile.ZipFile(deflated, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
    with pytest.raises(ValueError, match="no data"):
        loads(deflated.getvalue())


def test_a_reply_whose_entries_lie_over_each_other_is_refused():
    content = _saved(encode([torch.zeros(1000), torch.ones(1000)]))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        first, second = [e for e in archive.infolist() if "/data/" in e.filename][:2]
        # In the archive's directory the second entry is put at the place of the first.
        directory = content.rindex(second.filename.encode())
        places = [e.header_offset.to_bytes(4, "little") for e in (second, first)]
        sizes = [(4000).to_bytes(4, "little"), (400_000).to_bytes(4, "little")]
    head = content[:directory].rindex(b"PK\x01\x02")
    entry = content[head:].replace(*places, 1).replace(*sizes)
    with pytest.raises(ValueError, match="no data"):
        loads(content[:head] + entry)


def test_a_reply_of_too_many_single_values_is_neither_sent_nor_read():
    with pytest.raises(ValueError, match="too many single values"):
        dumps([0.5] * 300_000)
    buffer = io.BytesIO()
    torch.save([[]] * 3_000_000, buffer)
    with pytest.raises(ValueError, match="no data"):
        loads(buffer.getvalue())


class _Made:
    def __init__(self, make, argument):
        self.made = make, (argument,)

    def __reduce__(self):
        return self.made


def _saved(value) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("made", [_Made(bytearray, 10**9), _Made(torch.Tensor, 10**9)])
def test_a_reply_that_asks_for_memory_is_refused(made):
    with pytest.raises(ValueError, match="no data") as refused:
        loads(_saved(["tensor", made, False]))
    assert "makes no tensor" in str(refused.value.__cause__)


def test_a_reply_that_holds_one_list_twice_is_refused():
    inner = ["plain", 1]
    for _ in range(60):
        inner = ["list", [inner, inner]]
    with pytest.raises(ValueError, match="no data"):
        loads(_saved(inner))
    # What a function returns may do so.
    row = [1, 2]
    assert loads(dumps({"a": [row, row], "b": row})) == {"a": [row, row], "b": row}


def test_a_reply_is_read_as_it_was_checked():
    pickled = io.BytesIO()
    torch.save(["plain", 2.5], pickled, _use_new_zipfile_serialization=False)
    with pytest.raises(ValueError, match="no data"):
        loads(pickled.getvalue())
    # An archive may have anything before it: torch would look there, and not into the archive.
    assert loads(pickled.getvalue() + _saved(encode(1.5))) == 1.5


def _packed(text: str, *memories: bytes) -> bytes:
    numbers = [len(text), len(memories), *map(len, memories)]
    return MARK + struct.pack(f">{len(numbers)}Q", *numbers) + text.encode() + b"".join(memories)


def _text(size: str, strides: str, first: object = 0, number: object = 0, dtype="float32") -> str:
    return f'["tensor", {{"t": ["{dtype}", {size}, {strides}, {first}, {number}]}}, false]'


@pytest.mark.parametrize(
    "text",
    [
        _text("[5]", "[1]"),
        _text("[2]", "[4]"),
        _text("[4]", "[1]", first=1),
        _text("[1000000000000]", "[0]"),
        _text("[2147483648, 2147483648, 4]", "[0, 0, 0]"),
        _text("[4]", "[1]", dtype="float64"),
        _text("[4]", "[1]", dtype="quint8"),
        _text("[4]", "[-1]", first=3),
        _text("[4]", "[1]", number=1),
        _text("[4]", "[1]", number=-1),
        _text("[4]", "[true]"),
        _text("[4, 1]", "[1]"),
        '["tensor", {"t": []}, false]',
        '["plain", {"x": 1}]',
        "[" * 50_000 + "]" * 50_000,
        '["list", [',
    ],
)
def test_a_short_reply_that_is_forged_is_refused(text):
    assert torch.equal(loads(_packed(_text("[4]", "[1]"), bytes(16))), torch.zeros(4))
    with pytest.raises(ValueError, match="no data"):
        loads(_packed(text, bytes(16)))


def test_a_short_reply_of_another_length_than_it_says_is_refused():
    whole = dumps([torch.arange(3.0), "t"])
    assert whole.startswith(MARK)
    for content in (whole[:10], whole[:30], whole[:-1], whole + b"x", whole[:8] + b"\xff" * 16):
        with pytest.raises(ValueError, match="no data"):
            loads(content)


def test_odd_numbers_and_text_survive_the_way():
    for value in (float("inf"), float("nan"), -0.0, 5e-324, 10**30, "\ud83d\ude00", "\ud83d", "ä"):
        assert repr(loads(dumps([value]))) == repr([value])


@pytest.mark.parametrize(
    "tensor",
    [
        torch.eye(3).to_sparse_csr(),
        torch.eye(3).to_sparse(),
        *(torch.zeros(2, dtype=kind) for kind in (torch.uint16, torch.bfloat16, torch.bool)),
        torch.ones(2, dtype=torch.complex64).conj(),
        torch.zeros(2, dtype=torch.float8_e4m3fn),
    ],
)
def test_tensors_of_all_kinds_survive_the_way(tensor):
    back = loads(dumps(tensor))
    assert (back.dtype, back.layout, back.shape) == (tensor.dtype, tensor.layout, tensor.shape)


@pytest.mark.filterwarnings("ignore")
def test_tensors_that_no_exercise_wants_are_named():
    nested = torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)])
    assert loads(dumps(nested)) == Other("torch.nested Tensor")
    packed = torch.quantize_per_tensor(torch.zeros(3), 0.1, 0, torch.qint8)
    assert loads(dumps(packed)) == Other("torch.quantized Tensor")


def test_no_foreign_class_is_made():
    with pytest.raises(ValueError, match="no data"):
        decode(["other", "module.\x1b[2J"])
    for kind in ("subprocess.Popen", "labkit.checks.engine.exercise.Verdict"):
        assert decode(["object", kind, encode({})]) == Other(kind)
    with pytest.raises(ValueError, match="no data"):
        loads(b"\x80\x04\x95cos\nsystem\n.")


def test_files_that_are_no_submission(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        tasks_in(tmp_path / "none.ipynb")
    (tmp_path / "bad.ipynb").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        tasks_in(tmp_path / "bad.ipynb")
    (tmp_path / "other.py").write_text("def f(): pass")
    with pytest.raises(InputError, match="holds no exercise"):
        tasks_in(tmp_path / "other.py")
    with pytest.raises(InputError, match=r"is a folder; name a notebook, for .*bad\.ipynb"):
        tasks_in(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="is a folder; name a notebook; there is none in"):
        tasks_in(tmp_path / "empty")


def test_the_words_of_an_answer_are_counted(tmp_path):
    assert words_in(ROOT / "exercises/weights/weights.ipynb") == {"weights.reading": 0}
    assert words_in(ROOT / "solutions/weights/weights.ipynb") == {}
    assert words_in(tmp_path / "functions.py") == {}
    notebook = nbformat.read(ROOT / "exercises/weights/weights.ipynb", as_version=4)
    (cell,) = (c for c in notebook.cells if c.source == PLACEHOLDER)
    answers = {"perplexity doubled": 2, "": 0, "- **at 0.5**,\n| 3 | --- |": 3}
    for text, count in answers.items():
        cell.source = text
        nbformat.write(notebook, tmp_path / "weights.ipynb")
        assert words_in(tmp_path / "weights.ipynb") == {"weights.reading": count}


def test_pytest_shows_the_points_of_a_submission(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(f"# %%\nimport nothing_there\n\n# %%\nimport torch\n{RIGHT}")
    run = warm.command("pytest", "-q", "-p", "no:cacheprovider", "tests/labs", "--submission", path)
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "6 of  6  pruning.magnitude_mask" in done.stdout
    assert "0 of  6  pruning.global_threshold" in done.stdout
    assert "global_masks is not written yet" in done.stdout
    assert "code cell 1: ModuleNotFoundError: No module named 'nothing_there'" in done.stdout
    assert "Traceback" not in done.stdout and "labkit/checks" not in done.stdout
