import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from importlib import import_module, metadata
from types import SimpleNamespace

import mixtures
import nbformat
import pytest
import warm
from places import ROOT
from typer.testing import CliRunner

import labkit
from labkit.checks import REGISTRY
from labkit.cli import app
from labkit.labs.workspace import jupyterlab_arguments, start_labs


def labkit_command(*arguments, **options):
    command = warm.command("labkit.cli", *arguments)
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)


def test_importing_labkit_is_light():
    code = "import sys, labkit, labkit.cli, labkit.checks, labkit.mini; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    assert not loaded & {"torch", "transformers", "datasets", "pandas", "matplotlib", "scipy"}


def test_public_names_are_reachable_and_unknown_ones_are_not():
    for name in labkit.__all__:
        assert callable(getattr(labkit, name)), name
    with pytest.raises(AttributeError, match="prun"):
        _ = labkit.prun


def test_version_and_help():
    assert labkit_command("--version").stdout.split() == [
        "labkit",
        metadata.version("llm-sparsity-lab"),
    ]
    commands = "study fetch finetune train-mini doctor speed exercises start"
    for command in commands.split():
        result = CliRunner().invoke(app, [command, "--help"])
        assert result.exit_code == 0 and "--" in result.stdout, result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("study", "--levels", "0.5,1.2"), "sparsity is 1.2"),
        (("study", "--levels", "half"), "write 0.9 or 90%"),
        (("study", "--task", "mnli"), "no task named 'mnli': choose from mrpc, text (--task)"),
        (("study", "--task", "text", "--source", "/nowhere"), "name the corpus too (--text)"),
        (("study", "--levels", ","), "at least one level"),
        (("study", "--batch-size", "0"), "batch_size is 0; it must be at least 1"),
        (("size", "--levels", ""), "at least one level"),
        (("prune", "IN", "--dry-run", "--sparsity", "120%"), "sparsity is 1.2"),
        (
            ("study", "--source", "/nowhere", "--data", "mini"),
            "/nowhere is not a checkpoint folder",
        ),
        (("study", "--data", "/nowhere.csv"), "/nowhere.csv does not exist"),
        (("train-mini", "bert"), "bert"),
        (("train-mini", "gpt2", "--task", "mnli"), "no task named 'mnli': choose mrpc or text"),
    ],
)
def test_an_expected_error_is_one_line_and_exit_code_1(
    arguments, message, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["labkit", *arguments])
    with pytest.raises(SystemExit) as end:
        labkit.cli.main()
    said = capsys.readouterr().err
    assert end.value.code == 1
    assert said.startswith("error: ") and message in said
    assert "Traceback" not in said


def test_a_wrong_option_is_exit_code_2():
    assert labkit_command("study", "--sparsity", "0.5").returncode == 2
    for command in (("study",), ("size",), ("finetune", "gpt2"), ("train-mini", "gpt2")):
        result = CliRunner().invoke(app, [*command, "--seed", "-1"])
        assert result.exit_code == 2 and "--seed" in result.stderr, result.stderr


def test_study_prints_tables_and_is_quiet_when_not_on_a_terminal(tmp_path):
    result = labkit_command(
        "study",
        "--models",
        "roberta",
        "--levels",
        "0,90%",
        "--limit",
        24,
        "--length",
        8,
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    for text in ("mini RoBERTa", "90 %", "accuracy", "zstd (MB)", "report: results/report.html"):
        assert text in result.stdout
    assert "\x1b" not in result.stdout
    assert (tmp_path / "results" / "report.html").exists()
    assert (tmp_path / "results" / "manifest.json").exists()


def test_a_study_of_language_models_prints_what_the_text_costs(tmp_path):
    small = ("--models", "gpt2", "--levels", "90%", "--limit", 2, "--length", 8)
    result = labkit_command("study", "--task", "text", *small, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    for text in ("not read: the last 318 of 320", "What is left: text", "bits per byte", "90 %"):
        assert text in result.stdout
    assert "What is left: MRPC" not in result.stdout
    assert (tmp_path / "results" / "tables" / "text_samples.csv").exists()


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_ctrl_c_exits_with_130_and_the_next_run_goes_on(tmp_path):
    small = ["--models", "roberta,gpt2", "--limit", "60", "--length", "8"]
    arguments = ["study", "--levels", "0,0.5,0.9", "--out", str(tmp_path), *small]
    command = warm.command("labkit.cli", *arguments)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("cells/*-0500000-*.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on from there" in errors and "Traceback" not in errors
    kept = {p: p.stat().st_mtime_ns for p in tmp_path.glob("cells/*.json")}
    assert kept and not list(tmp_path.rglob("*.partial*"))
    assert labkit_command(*arguments).returncode == 0
    assert all(path.stat().st_mtime_ns == then for path, then in kept.items())


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
@pytest.mark.parametrize("moment", ["labkit.errors", "typer", "labkit.cli.app", "labkit.cli"])
def test_quick_ctrl_c_while_the_command_is_loaded_end_it_without_a_traceback(moment):
    loud = [sys.executable, "-X", "importtime", "-m", "labkit", "grade", "pruning", "/nowhere"]
    process = subprocess.Popen(loud, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    seen = any(line.split("|")[-1].strip() == moment for line in process.stderr)
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        time.sleep(0.002)
    said = [line for line in process.communicate(timeout=60)[1].splitlines() if "|" not in line]
    # A shell shows both as 130: the last signals may come when Python has put its handlers away.
    assert seen and process.returncode in (130, -signal.SIGINT)
    assert said in ([], ["stopped."])


LOST = """
import os, signal, sys, time
from labkit.cli.app import interrupted_once

class Place:
    def __del__(self):  # where Python ignores exceptions
        for _ in range(5):
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)

interrupted_once()
try:
    place = Place()
    del place
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_a_ctrl_c_that_python_ignores_comes_again():
    done = subprocess.run([sys.executable, "-c", LOST], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 130 and done.stderr == ""


def test_ctrl_c_promises_only_what_is_kept(monkeypatch, capsys):
    module = import_module("labkit.cli.app")
    monkeypatch.setattr(module, "app", lambda: sys.exit(module.INTERRUPTED))
    for command, said in (("finetune", "goes on from there.\n"), ("size", "stopped.\n")):
        monkeypatch.setattr(sys, "argv", ["labkit", command])
        with pytest.raises(SystemExit) as end:
            labkit.cli.main()
        assert end.value.code == module.INTERRUPTED
        assert capsys.readouterr().err.endswith(said)


def test_doctor_says_what_works():
    result = labkit_command("doctor", "--offline")
    assert result.returncode == 0, result.stdout
    for text in ("Python", "torch", "cores", "memory", "disk", "source mini", "source hub"):
        assert text in result.stdout


def test_doctor_accounts_for_the_blocks_of_a_checkpoint(tmp_path):
    mixtures.make("gpt_oss").save_pretrained(tmp_path)
    result = labkit_command("doctor", tmp_path)
    assert result.returncode == 0, result.stderr
    text = result.stdout
    assert "55,296 of 56,832 weights in the blocks are prunable, 2.70% are left out" in text
    assert "left out: layers.0.mlp.router.weight (4 x 32), router" in text.replace("model.", "")
    assert "GptOssForCausalLM: 2.7% of the weights in its blocks are not pruned" in text
    [experts] = [line for line in text.splitlines() if "expert" in line and "49,152" in line]
    assert "86.5%" in experts


def _for_the_doctor(monkeypatch, module, **names):
    """Change names of a module for the doctor alone: what it looks at goes on with the real one."""
    from labkit.cli import doctor

    changed = SimpleNamespace(**vars(getattr(doctor, module)) | names)
    monkeypatch.setattr(doctor, module, changed)


def test_doctor_names_what_is_missing_and_the_remedy(monkeypatch, tmp_path):
    from labkit.cli import doctor
    from labkit.models import sources

    monkeypatch.setattr(sources, "_MINI", tmp_path)
    _for_the_doctor(monkeypatch, "sys", version_info=(3, 10, 0))
    findings = {finding.what: finding for finding in doctor.examine(network=False)}
    assert findings["source mini"].state == "fail" and findings["source mini"].remedy
    assert findings["Python"].state == "fail" and "3.11" in findings["Python"].remedy
    _for_the_doctor(monkeypatch, "util", find_spec=lambda name: None)
    findings = {finding.what: finding for finding in doctor.examine(network=False)}
    assert findings["torch"].remedy == "pip install -r requirements.txt"


def test_doctor_goes_on_where_it_lacks_a_package_itself(monkeypatch, tmp_path):
    from labkit.cli import doctor

    monkeypatch.setitem(sys.modules, "psutil", None)
    _for_the_doctor(monkeypatch, "os", access=lambda *_: False)

    def requires(name):
        raise metadata.PackageNotFoundError(name)

    _for_the_doctor(monkeypatch, "metadata", requires=requires)
    findings = {finding.what: finding for finding in doctor.examine(tmp_path, network=False)}
    assert findings["memory"].found.startswith("not looked at: ")
    assert findings["memory"].remedy == "pip install -r requirements.txt"
    assert findings["packages"].state == "fail" and "-e ." in findings["packages"].remedy
    assert findings["disk"].state == "warn" and "may not write" in findings["disk"].found
    assert findings["Python"].state == "ok"


def test_without_typer_the_command_says_what_to_install():
    code = "import sys; sys.modules['typer'] = None; import labkit.cli"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert "typer is missing" in result.stderr and "-r requirements.txt" in result.stderr


def test_start_copies_labs_and_keeps_work(tmp_path):
    assert labkit_command("start", "pruning", "--no-open", cwd=tmp_path).returncode == 0
    notebook = tmp_path / "work/pruning/pruning.ipynb"
    assert "BEGIN SOLUTION" not in notebook.read_text()
    notebook.write_text("mine")
    again = labkit_command("start", "--no-open", cwd=tmp_path)
    assert notebook.read_text() == "mine"
    assert "your work is kept" in again.stdout
    assert (tmp_path / "work/weights/weights.ipynb").is_file()
    unknown = labkit_command("start", "prunning", cwd=tmp_path)
    assert unknown.returncode == 1 and "choose from weights, pruning" in unknown.stderr


def test_start_says_what_to_do_where_it_cannot_write(tmp_path):
    (tmp_path / "work").write_text("")
    result = labkit_command("start", "size", "--no-open", cwd=tmp_path)
    assert result.returncode == 1 and "Choose another folder (--folder)." in result.stderr


@pytest.mark.parametrize(
    ("package", "arguments", "message"),
    [
        ("jupyterlab", ["start", "size"], "size.ipynb in another editor"),
        ("nbformat", ["check", "work/size/size.ipynb"], "`labkit doctor` says what else"),
    ],
)
def test_a_missing_package_is_not_blamed_on_the_notebook(tmp_path, package, arguments, message):
    assert labkit_command("start", "size", "--no-open", cwd=tmp_path).returncode == 0
    code = f"""
import sys
from importlib import util
from importlib.abc import MetaPathFinder

class Without(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {package!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Without())
found = util.find_spec
util.find_spec = lambda name, *more: None if name == {package!r} else found(name, *more)
sys.argv[1:] = {arguments!r}
from labkit.cli import main
main()
"""
    run = [sys.executable, "-c", code]
    result = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 1 and "Traceback" not in result.stderr, result.stderr
    assert message in result.stderr and "cannot be read" not in result.stderr


def started(root, folder, page="01-weights"):
    """The links to the book of a lab that was started from the course at `root`/course."""
    shutil.copytree(ROOT / "exercises/weights", root / "course/exercises/weights")
    shutil.copytree(ROOT / "book", root / "course/book")
    (lab,) = start_labs(["weights"], root / folder, course=root / "course")
    links = re.findall(r"\]\(([^)#]*)#weights", lab.path.read_text(encoding="utf-8"))
    assert len(links) == lab.exercises
    (link,) = set(links)
    return lab.path.parent / link if "://" not in link else link


def test_a_lab_links_to_the_built_page(tmp_path):
    page = tmp_path / "course/_build/html/book/01-weights.html"
    page.parent.mkdir(parents=True)
    page.write_text("built")
    assert started(tmp_path, "course/work of a term").resolve() == page


def test_a_lab_links_to_the_public_address(tmp_path):
    config = {"course_repository": "https://github.com/Ada/course", "course_branch": "main"}
    (tmp_path / "course").mkdir()
    (tmp_path / "course/_config.yml").write_text(json.dumps({"sphinx": {"config": config}}))
    assert started(tmp_path, "away") == "https://ada.github.io/course/book/01-weights.html"


def test_assistants_are_asked_to_teach_unless_the_student_has_said_something_else(tmp_path):
    for words in ("do not solve", "mine"):
        start_labs(["weights"], tmp_path, course=ROOT)
        assert words in (tmp_path / "AGENTS.md").read_text(encoding="utf-8")
        (tmp_path / "AGENTS.md").write_text("mine", encoding="utf-8")


@pytest.mark.parametrize("folder", ["course/work", "away"])
def test_without_a_built_page_a_lab_links_to_a_copy_that_can_be_read(folder, tmp_path):
    copy = started(tmp_path, folder)
    assert copy.resolve() == tmp_path / folder / "book/01-weights.md"
    text = copy.read_text(encoding="utf-8")
    assert "make book" in text and "glue" not in text
    for exercise in REGISTRY.values():
        assert exercise.lab != "weights" or f'<a id="{exercise.id}"></a>' in text


def test_jupyterlab_has_the_book_in_reach(tmp_path):
    inside, outside = tmp_path / "course/work one/size", tmp_path / "work/size"
    assert jupyterlab_arguments(inside, course=tmp_path / "course") == [
        f"--ServerApp.root_dir={tmp_path}/course",
        "--LabApp.default_url=/lab/tree/work%20one/size",
    ]
    assert jupyterlab_arguments(outside, course=tmp_path / "course") == [str(outside)]


def test_check_is_content_with_a_lab_that_is_all_right():
    result = labkit_command("check", ROOT / "solutions/weights/weights.ipynb")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    total = "26 of 26 points on these inputs; grading draws others; a person reads answers worth 6"
    assert lines[-1] == total
    row = "weights.reading - 6 answered in words, read by a person"
    assert row.split() in [line.split() for line in lines]


def test_check_shows_the_points_of_a_file(tmp_path):
    path = tmp_path / "half.py"
    right = (ROOT / "tests/labs/variants/pruning.magnitude_mask/right_loop.py").read_text()
    path.write_text(f"# %%\nimport nothing_of_this_name\n\n# %%\n{right}")
    result = labkit_command("check", path)
    assert result.returncode == 1
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["pruning.magnitude_mask", "6", "6", "all", "passed"] in rows
    assert "global_masks is not written yet" in " ".join(result.stdout.split())
    assert "note: no answer pruning-sweep-answer was found" in result.stdout
    error, total = result.stdout.splitlines()[-2:]
    assert "ModuleNotFoundError: No module named 'nothing" in error
    assert total == "6 of 38 points on these inputs; grading draws others"


def test_check_names_the_cell_that_gave_no_function_and_the_answer_that_is_missing(tmp_path):
    notebook = nbformat.read(ROOT / "exercises/weights/weights.ipynb", as_version=4)
    (cell,) = (c for c in notebook.cells if c.get("id") == "weights-kurtosis-answer")
    cell.source = "def excess_kurtosis(values):\n    return values >\n"
    nbformat.write(notebook, tmp_path / "weights.ipynb")
    result = labkit_command("check", tmp_path / "weights.ipynb")
    text = " ".join(result.stdout.split())
    assert "which should define it, raised SyntaxError: invalid syntax" in text
    # The cells that call the function are not to blame.
    assert text.count("code cell") == 2 and "NameError" not in text
    assert "weights.reading - 6 no answer yet; a person will read it" in text


def test_check_says_how_long_an_answer_in_words_is_where_it_is_not_as_asked_for(tmp_path):
    notebook = nbformat.read(ROOT / "solutions/weights/weights.ipynb", as_version=4)
    (cell,) = (c for c in notebook.cells if c.get("id") == "weights-reading")
    cell.source = "The tails are heavy."
    nbformat.write(notebook, tmp_path / "weights.ipynb")
    result = labkit_command("check", tmp_path / "weights.ipynb")
    text = " ".join(result.stdout.split())
    said = "answered in 4 words, read by a person; 100 to 200 are asked for"
    assert f"weights.reading - 6 {said}" in text
    assert result.returncode == 0


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.ipynb", None, "no such file"),
        ("broken.ipynb", '{"cells": 3', "is no notebook: its JSON breaks"),
        ("other.py", "def f():\n    pass\n", "there is no notebook in it"),
    ],
)
def test_check_refuses_what_is_no_lab(tmp_path, name, text, message):
    if text is not None:
        (tmp_path / name).write_text(text)
    result = labkit_command("check", tmp_path / name)
    assert (result.returncode, result.stdout) == (1, "")
    assert name in result.stderr and message in result.stderr
    assert "Traceback" not in result.stderr
