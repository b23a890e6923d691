"""The notebooks are in step with their texts, and the student versions give nothing away."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from labkit import labs
from labkit.checks import TASKS
from labkit.errors import InputError, SourceError

ROOT = Path(__file__).parents[2]
LABS = sorted({task.lab for task in TASKS.values()})


@pytest.fixture
def course(tmp_path):
    for name in ("solutions", "exercises"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / labs.CONFIG, tmp_path)
    return tmp_path


def test_notebooks_are_in_step():
    assert labs.build_labs(ROOT, check_only=True) == [], "run build_labs (make exercises)"


def test_regenerated_notebooks_are_identical_byte_for_byte(course):
    before = {path: path.read_bytes() for path in course.rglob("*.ipynb")}
    assert len(before) == 2 * len(LABS)
    for path in before:
        path.unlink()
    assert sorted(labs.build_labs(course)) == sorted(before)
    assert {path: path.read_bytes() for path in course.rglob("*.ipynb")} == before
    assert labs.build_labs(course) == []


def test_a_public_address_puts_the_set_up_for_colab_first(course):
    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    (course / "_config.yml").write_text(config)
    assert labs.build_labs(course) == [], "an empty address points nowhere"
    address = "https://github.com/someone/a-course"
    config = config.replace('course_repository: ""', f"course_repository: {address}")
    (course / "_config.yml").write_text(config)
    assert len(labs.build_labs(course)) == 2 * len(LABS)
    for folder in ("solutions", "exercises"):
        path = course / folder / "size" / "size.ipynb"
        first, *rest = nbformat.read(path, as_version=4).cells
        old = nbformat.read(ROOT / folder / "size" / "size.ipynb", as_version=4).cells
        assert f"git+{address}@main" in first.source and rest == old
    exec(first.source, {})  # installs nothing where labkit is there
    (course / "_config.yml").write_text(config.replace(address, "example.org"))
    with pytest.raises(InputError, match="write https://github"):
        labs.build_labs(course)


def test_check_only_reports_and_writes_nothing(course):
    text = course / "solutions/pruning/pruning.py"
    text.write_text(text.read_text().replace("Most weights", "Many weights"))
    stray = course / "exercises/pruning/old.ipynb"
    stray.write_text("{}")
    before = {path: path.read_bytes() for path in course.rglob("*.ipynb")}
    stale = [path.relative_to(course).as_posix() for path in labs.build_labs(course, True)]
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
    assert labs.leftovers(release) == []
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
    found = labs.leftovers(nbformat.writes(nbformat.v4.new_notebook(cells=cells)))
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
        labs.source_notebook("pruning", text.replace(old, new), path)
    assert "pruning.py" in str(caught.value)


def test_a_source_that_nbgrader_refuses_says_why(course):
    source = (course / "solutions/pruning/pruning.ipynb").read_text()
    with pytest.raises(InputError, match="no end solution statement"):
        labs.release_notebook(course, "pruning", source.replace("### END SOLUTION", "###"))


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(SourceError, match="root of the course repository"):
        labs.build_labs(tmp_path)
