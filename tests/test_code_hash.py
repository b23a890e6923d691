"""What is kept under a hash of code is computed anew when any code that it runs changes."""

import shutil
import sys
from pathlib import Path

import pytest
from places import ROOT

from labkit import code_hash as hashing
from labkit.code_hash import code_hash, imported_names, modules_run_by


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of labkit's code that a test may change, and nothing cached of it."""
    copy = tmp_path / "labkit"
    ignore = shutil.ignore_patterns("__pycache__", "corpus", "zoo")
    shutil.copytree(ROOT / "labkit", copy, ignore=ignore)
    monkeypatch.setattr(hashing, "_HOME", copy)
    for cached in (hashing._imports_of, hashing._lazy_names):
        cached.cache_clear()
    yield copy
    for cached in (hashing._imports_of, hashing._lazy_names):
        cached.cache_clear()


def test_a_studys_cells_depend_on_what_a_study_loads():
    """The oracle is Python itself: whatever running the cells imports is in the list."""
    found = set(modules_run_by(["labkit.study.cells"]))
    assert {"labkit.pruning.key_loops", "labkit.models.hub", "labkit.evaluation.bootstrap"} <= found
    assert not {name for name in found if name.split(".")[1:2] in (["grading"], ["cli"], ["plots"])}
    import labkit.study.cells as cells

    loaded = {
        module.__name__
        for value in vars(cells).values()
        if (module := sys.modules.get(getattr(value, "__module__", "")))
        and module.__name__.startswith("labkit.")
    }
    assert len(loaded) > 5 and loaded <= found


@pytest.mark.parametrize(
    "code, names",
    [
        ("import labkit.study.run", {"labkit.study.run"}),
        ("def f():\n    from labkit.files import sha256", {"labkit.files"}),
        ("from labkit.pruning import (\n    masks,\n    nm,\n)", {"masks", "nm"}),
        ("from labkit.pruning import masks as m  # why", {"masks"}),
        ("from labkit import prune_global", {"labkit", "labkit.pruning", "labkit.pruning.prune"}),
        ("run([python, '-m', 'labkit.cli.app'])", {"labkit.cli.app"}),
        ("import torch\nfrom labkitten import cat", set()),
        ("from labkit.nothing import at_all", set()),
    ],
)
def test_every_way_to_import_is_found(code, names):
    full = {name if name.startswith("labkit") else f"labkit.pruning.{name}" for name in names}
    assert set(imported_names(code)) == full


def test_a_change_anywhere_below_changes_the_hash_and_no_other_does(package):
    def now():
        return code_hash("labkit.study.cells")

    before = now()
    for name in ("pruning/key_loops.py", "errors.py", "evaluation/__init__.py"):
        path = package / name
        text = path.read_text(encoding="utf-8")
        path.write_text(text + "# changed\n", encoding="utf-8")
        assert now() != before, name
        path.write_text(text, encoding="utf-8")
    (package / "grading" / "reports" / "exports.py").write_text("", encoding="utf-8")
    assert now() == before


def test_a_module_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match=r"no module labkit\.no_such"):
        code_hash("labkit.no_such")


def test_all_of_labkit_can_be_followed():
    names = [
        ".".join(Path(path).relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / "labkit").rglob("*.py"))
        if path.name != "__init__.py" and path.parent.name != "templates"  # files to be copied
    ]
    assert set(names) <= set(modules_run_by(names))
