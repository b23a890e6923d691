"""Look at this machine and say what works, what is missing, and the command that mends it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from labkit.errors import LabkitError
from labkit.models import hub, sources

MIN_FREE_MEMORY = 2e9  # bytes: the mini zoo and a notebook
MIN_FREE_DISK = 3e9  # bytes: the three hub models and MRPC

INSTALL = "pip install -r requirements.txt"
CPU_TORCH = "pip install torch=={version}+cpu --index-url https://download.pytorch.org/whl/cpu"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor: `state` is "ok", "warn" (limits what works) or "fail"."""

    what: str
    state: str
    found: str
    remedy: str = ""


def examine(folder: Path | str = ".", *, network: bool = True) -> list[Finding]:
    """Examine Python, torch, the sparse kernel, cores, memory, disk, JupyterLab and sources.

    A sparse kernel that was not compiled yet is compiled, some seconds once.  The sandbox of
    `labkit grade` is attacked, which takes some seconds each time.

    Args:
        folder: where results are to be written; its disk is looked at.
        network: ask whether the hub answers (at most three seconds).
    """
    looks: dict[str, Callable[[], list[Finding]]] = {
        "Python": lambda: [_python()],
        "packages": _packages,
        "torch": lambda: [_torch()],
        "sparse kernel": lambda: [_sparse_kernel()],
        "cores": lambda: [_cores()],
        "memory": lambda: [_memory()],
        "disk": lambda: [_disk(Path(folder))],
        "JupyterLab": lambda: [_jupyter()],
        "source mini": lambda: [_mini()],
        "sandbox": _sandbox,
        "source hub": lambda: _hub(network),
    }
    return [finding for what, look in looks.items() for finding in _looked(what, look)]


def _looked(what: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """What `look` finds; where a package is missing that it needs, that."""
    try:
        return look()
    except ImportError as error:
        return [Finding(what, "warn", f"not looked at: {error}", INSTALL)]


def _python() -> Finding:
    version = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Finding("Python", "ok", version)
    return Finding("Python", "fail", version, "install Python 3.11, 3.12 or 3.13")


def _packages() -> list[Finding]:
    """Required packages that are missing or of another version than labkit pins."""
    wrong = []
    try:
        required = metadata.requires("llm-sparsity-lab") or []
    except metadata.PackageNotFoundError:
        found = "labkit itself is not installed in this environment"
        return [Finding("packages", "fail", found, f"{INSTALL}, then pip install -e .")]
    for requirement in required:
        name, _, wanted = requirement.partition("==")
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            found = "missing"
        if found.partition("+")[0] != wanted:
            wrong.append(f"{name} {found} (pinned: {wanted})")
    if not wrong:
        return [Finding("packages", "ok", "as pinned")]
    missing = any("missing" in text for text in wrong)
    state = "fail" if missing else "warn"
    return [Finding("packages", state, "; ".join(wrong), INSTALL)]


def _torch() -> Finding:
    if util.find_spec("torch") is None:
        return Finding("torch", "fail", "missing", INSTALL)
    import torch

    threads = torch.get_num_threads()
    found = f"{torch.__version__}, {threads} thread{'s' * (threads != 1)}"
    if torch.cuda.is_available():
        return Finding("torch", "ok", f"{found}, {torch.cuda.get_device_name()}")
    if torch.backends.mps.is_available():
        return Finding("torch", "ok", f"{found}, Apple GPU")
    if torch.version.cuda and sys.platform == "linux":
        # Several GB of CUDA libraries that this machine has no use for.
        remedy = CPU_TORCH.format(version=torch.__version__.partition("+")[0])
        return Finding("torch", "warn", f"{found}, CUDA build but no GPU", remedy)
    return Finding("torch", "ok", f"{found}, CPU")


def _sparse_kernel() -> Finding:
    if util.find_spec("torch") is None:
        return Finding("sparse kernel", "warn", "needs torch", INSTALL)
    from labkit.execution import kernels, machine_code

    if problem := kernels.problem():
        found = f"{problem}; sparse layers run on torch's slower CSR product"
        return Finding("sparse kernel", "warn", found, INSTALL)
    compiled = machine_code.compiled(kernels.LOOPS)
    found = "compiled before" if compiled.cached else f"compiled in {compiled.seconds:.0f} s"
    return Finding("sparse kernel", "ok", found)


def _jupyter() -> Finding:
    if util.find_spec("jupyterlab") is None:
        return Finding("JupyterLab", "warn", "missing", "pip install jupyterlab")
    return Finding("JupyterLab", "ok", metadata.version("jupyterlab"))


def _cores() -> Finding:
    # What this process may use, not what the machine has: containers give less.
    affinity = getattr(os, "sched_getaffinity", None)
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    if count >= 2:
        return Finding("cores", "ok", str(count))
    return Finding("cores", "warn", str(count), "works, but slower: close other programs")


def _memory() -> Finding:
    import psutil

    free = psutil.virtual_memory().available
    text = f"{free / 1e9:.1f} GB free"
    if free >= MIN_FREE_MEMORY:
        return Finding("memory", "ok", text)
    return Finding("memory", "warn", text, "close other programs: about 2 GB are needed")


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    text = f"{free / 1e9:.1f} GB free in {folder.resolve()}"
    if not os.access(folder, os.W_OK):
        remedy = "change to a folder of yours, or name one: labkit start --folder, study --out"
        return Finding("disk", "warn", f"{text}, where you may not write", remedy)
    if free >= MIN_FREE_DISK:
        return Finding("disk", "ok", text)
    return Finding("disk", "warn", text, "enough for mini; free about 3 GB before `labkit fetch`")


def _mini() -> Finding:
    try:
        for name in sources.MODEL_NAMES:
            sources.mini_checkpoint(name)
            sources.mini_checkpoint(name, "text")
        for corpus in (sources.mini_corpus(), sources.mini_text()):
            if not (corpus / "train.jsonl").exists():
                raise LabkitError(f"the mini corpus {corpus} is missing")
    except LabkitError as error:
        return Finding("source mini", "fail", str(error), "pip install --force-reinstall -e .")
    found = f"{', '.join(sources.MODEL_NAMES)} for pairs and for text, and both corpora"
    return Finding("source mini", "ok", found)


def _sandbox() -> list[Finding]:
    """Whether submissions can be graded safely, found by a few attacks."""
    from labkit.grading.sandbox import bubblewrap
    from labkit.grading.sandbox.attacks import attack

    if problem := bubblewrap.problem():
        what, _, remedy = problem.partition(": ")
        found = f"{what}; only `labkit grade`, for instructors, needs it"
        return [Finding("sandbox", "warn", found, remedy)]
    return [
        Finding("sandbox", "ok", f"held off: {one.tried}")
        if one.held
        else Finding("sandbox", "fail", f"not held off: {one.tried}", "grade in a virtual machine")
        for one in attack()
    ]


def _hub(network: bool) -> list[Finding]:
    cached = {n: hub.cached_model(i, verify=False) for n, i in sources.HUB_MODELS.items()}
    have = [name for name, path in cached.items() if path]
    tuned = [
        n for n in sources.MODEL_NAMES if (sources.finetuned_checkpoint(n) / "config.json").exists()
    ]
    found = f"cached: {', '.join(have) or 'no model'}"
    found += ", MRPC" if hub.cached_mrpc(verify=False) else ", no MRPC"
    found += ", WikiText-2" if hub.cached_text(verify=False) else ", no WikiText-2"
    found += f"; fine-tuned: {', '.join(tuned) or 'none'}"
    complete = len(have) == len(cached) and hub.cached_mrpc(verify=False)
    findings = [
        Finding("source hub", "ok", found)
        if complete
        else Finding("source hub", "warn", found, "labkit fetch  (about 1.6 GB; mini needs none)")
    ]
    if network:
        state = "answers" if hub.reachable() else "does not answer"
        remedy = "" if state == "answers" else "nothing to do for mini; else check the network"
        findings.append(Finding("hub", "ok" if not remedy else "warn", state, remedy))
    return findings
