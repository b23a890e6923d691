"""Places of a checkpoint's prunable weights, from its config.json and the names in its files.

The model is built without memory for its weights, in a process of its own: torch and transformers
take 350 MB, which the process that works on the weights should not hold.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from labkit import own_process
from labkit.errors import LabkitError, SourceError


@dataclass(frozen=True)
class Wanted:
    """A prunable parameter and where it may lie: alternatives, each a list of pieces in order.

    A piece is (name on disk, shape of that tensor, first entry, shape of the piece).
    """

    name: str
    places: list[list[tuple[str, list[int], int, list[int]]]]


def prunable_names(folder: Path | str, names: Iterable[str]) -> tuple[list[Wanted], str]:
    """The parameters of `prunable_layers`, in its order, and in words what is left out.

    A checkpoint of a body without head lacks the prefix that the whole model gives its names
    ("roberta."), and the other way round; see `disk_layout` for other differences.

    Args:
        folder: with config.json.
        names: of the tensors in its files.

    Raises:
        SourceError: transformers cannot build the model that config.json describes, or there is
            nothing to prune in it.
    """
    home = str(Path(__file__).parents[3])
    path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        own_process.command("labkit.pruning.files.prunable_names", str(Path(folder).resolve())),
        env={**os.environ, "PYTHONPATH": path, "HF_HUB_OFFLINE": "1"},
        input=json.dumps(list(names)),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = (done.stdout.strip() or done.stderr.strip()).splitlines() or ["no reason given"]
        raise SourceError(
            f"{said[-1].rstrip('.')}. Or name the tensors to prune yourself (--include REGEX)."
        )
    answer = json.loads(done.stdout.splitlines()[-1])
    return [Wanted(*entry) for entry in answer["parameters"]], answer["remark"]


def _build(folder: str, names: list[str]) -> dict:
    from labkit.models.blueprint import blueprint
    from labkit.models.left_out import parameter_account
    from labkit.models.prunable import prunable_layers
    from labkit.models.unread import blocks_beyond
    from labkit.pruning.files.disk_layout import places

    model = blueprint(folder)
    remarks = [parameter_account(model).remark]
    if more := blocks_beyond(model, names):
        remarks.append(
            f"{len(more)} tensors of blocks that config.json does not tell of are not pruned, "
            f"{more[0]} among them."
        )
    found = places(model, names)
    wanted = dict.fromkeys(layer.parameter for layer in prunable_layers(model))
    return {
        "parameters": [(name, found[name]) for name in wanted],
        "remark": " ".join(filter(None, remarks)),
    }


if __name__ == "__main__":
    try:
        print(json.dumps(_build(sys.argv[1], json.load(sys.stdin))))
    except (ImportError, LabkitError, OSError, ValueError, KeyError, TypeError) as error:
        print(" ".join(str(error).split()))
        sys.exit(1)
