"""Where models and data come from: `mini`, `hub`, `random`, or a path.

The one place that knows names and locations; `load` and `evaluation.mrpc` load.
"""

import os
import sys
from pathlib import Path

from labkit.errors import InputError, SourceError

HUB_MODELS = {
    "roberta": "FacebookAI/roberta-base",
    "gpt2": "openai-community/gpt2",
    "bart": "facebook/bart-base",
}
"""The course's three models by short name, with their id on the hub."""

MODEL_NAMES = tuple(HUB_MODELS)
"""`roberta` (encoder), `gpt2` (decoder), `bart` (encoder-decoder): the order of every table."""

DISPLAY_NAMES = {"roberta": "RoBERTa", "gpt2": "GPT-2", "bart": "BART"}

HUB_MRPC = ("nyu-mll/glue", "mrpc")
"""Dataset id and configuration of MRPC (GLUE) on the hub."""

HUB_TEXT = ("Salesforce/wikitext", "wikitext-2-raw-v1")
"""Dataset id and configuration of WikiText-2 (Merity et al. 2017) on the hub."""

_MINI = Path(__file__).parents[1] / "mini"


def check_name(name: str) -> str:
    """Return `name` if it is one of `MODEL_NAMES`.

    Raises:
        InputError: any other name; lists those that exist.
    """
    if name not in HUB_MODELS:
        raise InputError(f"no model named {name!r}: choose from {', '.join(MODEL_NAMES)}")
    return name


def mini_checkpoint(name: str, task: str = "mrpc") -> Path:
    """Folder of the mini checkpoint `name` that ships inside the package.

    `task` is "mrpc" for the classifier, "text" for the language model.
    """
    zoo = _MINI / "zoo"
    folder = (zoo / "text" if task == "text" else zoo) / check_name(name)
    if not (folder / "model.safetensors").exists():
        option = " --task text" if task == "text" else ""
        raise SourceError(
            f"{folder} holds no checkpoint: the installation is incomplete. "
            f"Reinstall labkit, or rebuild it with `labkit train-mini {name}{option}`."
        )
    return folder


def mini_corpus() -> Path:
    """Folder of the mini corpus (one JSON-lines file per split) that ships inside the package."""
    return _MINI / "corpus"


def mini_text() -> Path:
    """Folder of the mini text (one JSON-lines file per split) that ships inside the package."""
    return _MINI / "text"


def home() -> Path:
    """Folder for what `labkit` makes for this user, such as fine-tuned checkpoints.

    `LABKIT_HOME` where it is set, else the platform's usual place for caches.
    """
    if chosen := os.environ.get("LABKIT_HOME"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local")) / "labkit"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "labkit"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "labkit"


def finetuned_checkpoint(name: str) -> Path:
    """Folder where `labkit finetune NAME --source hub` leaves its checkpoint (may not exist)."""
    return home() / "finetuned" / check_name(name)
