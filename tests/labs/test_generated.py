"""The notebooks are in step with their texts, and the student versions give nothing away."""

import ast
import json
import re
import shutil

import nbformat
import pytest
from places import ROOT

from labkit.checks import REGISTRY, TASKS, Written
from labkit.errors import InputError, SourceError
from labkit.labs import build
from labkit.labs.answers import answers_page

LABS = sorted({task.lab for task in TASKS.values()})


@pytest.fixture
def course(tmp_path):
    for name in ("solutions", "exercises"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / build.CONFIG, tmp_path)
    return tmp_path


def test_notebooks_are_in_step():
    assert build.build_labs(ROOT, check_only=True) == [], "run build_labs (make exercises)"


def test_regenerated_notebooks_are_identical_byte_for_byte(course):
    before = {path: path.read_bytes() for path in course.rglob("*.ipynb")}
    assert len(before) == 2 * len(LABS)
    for path in before:
        path.unlink()
    assert sorted(build.build_labs(course)) == sorted(before)
    assert {path: path.read_bytes() for path in course.rglob("*.ipynb")} == before
    assert build.build_labs(course) == []


def test_a_public_address_puts_the_set_up_for_colab_first(course):
    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    (course / "_config.yml").write_text(config)
    assert build.build_labs(course) == [], "an empty address points nowhere"
    address = "https://github.com/someone/a-course"
    config = config.replace('course_repository: ""', f"course_repository: {address}")
    (course / "_config.yml").write_text(config)
    assert len(build.build_labs(course)) == 2 * len(LABS)
    for folder in ("solutions", "exercises"):
        path = course / folder / "size" / "size.ipynb"
        first, *rest = nbformat.read(path, as_version=4).cells
        old = nbformat.read(ROOT / folder / "size" / "size.ipynb", as_version=4).cells
        assert f"git+{address}@main" in first.source and rest == old
    exec(first.source, {})  # installs nothing where labkit is there
    (course / "_config.yml").write_text(config.replace(address, "example.org"))
    with pytest.raises(InputError, match="write https://github"):
        build.build_labs(course)


def test_check_only_reports_and_writes_nothing(course):
    text = course / "solutions/pruning/pruning.py"
    text.write_text(text.read_text().replace("Most weights", "Many weights"))
    stray = course / "exercises/pruning/old.ipynb"
    stray.write_text("{}")
    before = {path: path.read_bytes() for path in course.rglob("*.ipynb")}
    stale = [path.relative_to(course).as_posix() for path in build.build_labs(course, True)]
    assert stale == [
        "solutions/pruning/pruning.ipynb",
        "exercises/pruning/pruning.ipynb",
        "exercises/pruning/old.ipynb",
    ]
    assert {path: path.read_bytes() for path in course.rglob("*.ipynb")} == before


@pytest.mark.parametrize("lab", LABS)
def test_student_version_gives_nothing_away(lab):
    source = (ROOT / f"solutions/{lab}/{lab}.ipynb").read_text()
    release = (ROOT / f"exercises/{lab}/{lab}.ipynb").read_text()
    assert build.leftovers(release) == []
    secret, inside = [], False
    for cell in nbformat.reads(source, as_version=4).cells:
        for line in cell.source.splitlines():
            if "### BEGIN" in line or "### END" in line:
                inside = "### BEGIN" in line
            elif inside:
                secret.append(line.strip())
    secret = {line for line in secret if len(line) > 3}
    lines = {
        line.strip()
        for cell in nbformat.reads(release, as_version=4).cells
        for line in cell.source.splitlines()
    }
    assert len(secret) > 10
    assert secret & lines == set()


def test_leftovers_finds_what_it_should():
    cells = [
        nbformat.v4.new_code_cell("### BEGIN SOLUTION\n1\n### END SOLUTION", id="a"),
        nbformat.v4.new_code_cell(
            "1", id="b", outputs=[nbformat.v4.new_output("stream", text="1")], execution_count=1
        ),
    ]
    found = build.leftovers(nbformat.writes(nbformat.v4.new_notebook(cells=cells)))
    assert found == ["cell a: BEGIN SOLUTION", "cell a: END SOLUTION", "cell b: output"]


@pytest.mark.parametrize("lab", LABS)
def test_points_and_ids_come_from_the_registry(lab):
    for place in ("solutions", "exercises"):
        notebook = json.loads((ROOT / f"{place}/{lab}/{lab}.ipynb").read_text())
        cells = [c["metadata"].get("nbgrader", {}) for c in notebook["cells"]]
        graded = {meta["grade_id"]: meta["points"] for meta in cells if meta.get("grade")}
        assert graded == {t.grade_id: t.points for t in TASKS.values() if t.lab == lab}
        assert notebook["metadata"]["kernelspec"]["name"] == "python3"
        assert all(not cell.get("outputs") for cell in notebook["cells"])


def _cells(exercise):
    """Cells of the student version of the exercise's lab."""
    lab = exercise.lab
    return nbformat.read(ROOT / f"exercises/{lab}/{lab}.ipynb", as_version=4).cells


@pytest.mark.parametrize("exercise", REGISTRY.values(), ids=REGISTRY)
def test_a_student_is_told_what_is_not_allowed(exercise):
    (cell,) = [c for c in _cells(exercise) if c.source.startswith(f"## {exercise.title}\n")]
    told = re.search(r"Not allowed: (.*)\.$", cell.source, re.MULTILINE)[1]
    assert set(re.findall("`(.*?)`", told)) == {"labkit", *exercise.forbids}


@pytest.mark.parametrize("question", [t for t in TASKS.values() if isinstance(t, Written)])
def test_a_question_asks_for_the_words_that_the_check_reminds_of(question):
    (cell,) = [c for c in _cells(question) if c.source.startswith(f"## {question.title}\n")]
    assert "{} to {} words".format(*question.words) in " ".join(cell.source.split())


@pytest.mark.parametrize("exercise", REGISTRY.values(), ids=REGISTRY)
def test_signatures_say_all_types(exercise):
    (source,) = [c.source for c in _cells(exercise) if f"def {exercise.function}(" in c.source]
    (function,) = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)]
    assert all(argument.annotation for argument in function.args.args)
    assert function.returns
    assert ast.get_docstring(function)


@pytest.mark.parametrize("lab", LABS)
def test_headings_link_to_their_section(lab):
    path = ROOT / f"exercises/{lab}/{lab}.ipynb"
    cells = {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}
    for task in (task for task in TASKS.values() if task.lab == lab):
        ((link, anchor),) = re.findall(
            r"Read first: \[.*?\]\((.*?)#(.*?)\)", cells[f"{task.grade_id}-exercise"]
        )
        assert f"({anchor})=" in (path.parent / link).read_text(), task.id


def test_new_cells_leave_the_ids_of_other_exercises():
    path = ROOT / "solutions/pruning/pruning.py"
    text = path.read_text()

    def ids(text: str) -> list[str]:
        source = build.source_notebook("pruning", text, path)
        return [cell.id for cell in nbformat.reads(source, as_version=4).cells]

    before = ids(text)
    assert len(set(before)) == len(before)
    mark = '# %% [markdown] exercise="pruning.global_threshold"'
    after = ids(text.replace(mark, f"# %% [markdown]\n# A word more.\n\n# %%\n1 + 1\n\n{mark}"))
    new = {"pruning-magnitude_mask-text-3", "pruning-magnitude_mask-code-2"}
    assert set(after) - set(before) == new
    assert [id for id in after if id not in new] == before


def test_the_table_of_exercises_names_each_once():
    page = (ROOT / "solutions/variants.md").read_text()
    table = page.split("| id | grade id |")[1].split("**together**")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:-1]]
    assert [(row[0], row[1], row[3]) for row in rows] == [
        (f"`{task.id}`", f"`{task.grade_id}`", str(task.points)) for task in TASKS.values()
    ]
    assert "solutions/variants.md" in (ROOT / "INSTRUCTORS.md").read_text()


@pytest.mark.parametrize(
    ("source", "message"), [("x = 1", "needs a docstring"), ('"""Right?"""', "a MISTAKE")]
)
def test_a_variant_that_says_too_little_is_refused(tmp_path, source, message):
    (tmp_path / "size.csr").mkdir()
    (tmp_path / "size.csr/wrong_one.py").write_text(source)
    with pytest.raises(InputError, match=message) as caught:
        answers_page(tmp_path)
    assert "wrong_one.py" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('# %% check="pruning.magnitude_mask"', "# %%", r"check='pruning\.magnitude_mask'"),
        ('answer="pruning.magnitude_mask"', 'answer="pruning.magnitude"', "is no exercise"),
        ("### BEGIN SOLUTION", "### BEGIN", "lacks '### BEGIN SOLUTION'"),
        ('overview="pruning"', 'overvew="pruning"', "overvew"),
    ],
)
def test_a_text_that_does_not_fit_the_registry_is_refused(old, new, message):
    path = ROOT / "solutions/pruning/pruning.py"
    text = path.read_text()
    assert old in text
    with pytest.raises(InputError, match=message) as caught:
        build.source_notebook("pruning", text.replace(old, new), path)
    assert "pruning.py" in str(caught.value)


def test_a_source_that_nbgrader_refuses_says_why(course):
    source = (course / "solutions/pruning/pruning.ipynb").read_text()
    with pytest.raises(InputError, match="no end solution statement"):
        build.release_notebook(course, "pruning", source.replace("### END SOLUTION", "###"))


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(SourceError, match="root of the course repository"):
        build.build_labs(tmp_path)
