import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from labkit import files
from labkit.errors import InputError, SourceError


def test_a_failing_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "table.csv"
    files.write_text(path, "old")
    with pytest.raises(RuntimeError), files.replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["plain", "Qwen3.5-0.6B.v1", ".hidden", "..."])
def test_a_suffix_is_put_behind_any_name(tmp_path, name):
    assert files.behind(tmp_path / name, ".csv") == tmp_path / f"{name}.csv"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_is_named_and_nothing_is_lost(tmp_path):
    path = tmp_path / "table.csv"
    files.write_text(path, "old")
    with (
        pytest.raises(SourceError, match=r"table\.csv: No space left on device.*unchanged"),
        files.replacing(path),
        Path("/dev/full").open("w") as full,
    ):
        full.write("x" * 100_000)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="Choose another folder"):
        files.write_text(tmp_path / "file" / "x.txt", "")


@pytest.mark.parametrize("save", [save_file, torch.save])
def test_those_who_write_weights_tell_of_a_full_disk_alike(save, full_disk, tmp_path):
    weights = {"w": torch.zeros(100_000)}
    with (
        pytest.raises(SourceError, match=r"cannot write .*weights.*(full|large)"),
        files.replacing(tmp_path / "weights") as temporary,
        files.disk_errors(),
        full_disk(),
    ):
        save(weights, temporary)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RuntimeError, match="another"), files.disk_errors():
        raise RuntimeError("another")


def test_errors_of_the_caller_pass_through_unchanged(tmp_path):
    for error in (InputError("bad"), SourceError("gone")):
        with pytest.raises(type(error), match=str(error)), files.replacing(tmp_path / "x"):
            raise error


def test_files_are_readable_by_others_and_end_lines_alike(tmp_path):
    path = files.write_text(tmp_path / "deep" / "x.txt", "a\nb\n")
    assert path.read_bytes() == b"a\nb\n"
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "deep" / "out"
    with files.replacing_folder(target) as folder:
        (folder / "one").write_text("1")
        assert not target.exists()
    assert (target / "one").read_text() == "1"
    (tmp_path / "plain").mkdir()
    assert target.stat().st_mode == (tmp_path / "plain").stat().st_mode
    with pytest.raises(KeyboardInterrupt), files.replacing_folder(target) as folder:
        (folder / "two").write_text("2")
        raise KeyboardInterrupt
    with pytest.raises(SourceError, match=r"cannot write .*out.*unchanged"):  # noqa: SIM117
        with files.replacing_folder(target) as folder:
            (folder / "missing" / "three").write_text("3")
    with files.replacing_folder(target) as folder:
        (folder / "four").write_text("4")
    assert [path.name for path in target.iterdir()] == ["four"]
    assert [path.name for path in target.parent.iterdir()] == ["out"]
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(SourceError, match="cannot write"), files.replacing_folder(blocked / "out"):
        pass


def test_ctrl_c_between_two_renames_brings_the_old_folder_back(tmp_path, monkeypatch):
    target = tmp_path / "out"
    target.mkdir()
    (target / "old").write_text("old")
    rename = Path.rename

    def stopped(path, to):
        if ".partial" in path.name and path.suffix != ".old":
            raise KeyboardInterrupt
        return rename(path, to)

    with pytest.raises(KeyboardInterrupt), files.replacing_folder(target):
        monkeypatch.setattr(Path, "rename", stopped)
    assert (target / "old").read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_only_one_process_at_a_time(tmp_path):
    pytest.importorskip("fcntl")
    path = tmp_path / "a" / "lock"
    code = (
        "import sys, time\nfrom labkit.files import only_one\n"
        "with only_one(sys.argv[1]):\n    print('here', flush=True)\n    time.sleep(60)\n"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"here\n"
    with (
        pytest.raises(SourceError, match=rf"another run .*\(process {other.pid} on .* since 2"),
        files.only_one(path, patience=0),
    ):
        pass
    other.kill()  # the lock ends with the process
    other.communicate()
    with files.only_one(path, patience=0):
        assert f"process {os.getpid()} on " in path.read_text()
    with files.only_one(path, patience=0):
        pass
