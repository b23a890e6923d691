"""Names of a checkpoint's prunable weights, from its config.json alone.

The model is built without memory for its weights, in a process of its own: torch and transformers
take 350 MB, which the process that works on the weights should not hold.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from labkit import own_process
from labkit.errors import InputError, SourceError


def prunable_names(folder: Path | str) -> list[tuple[list[str], list[int]]]:
    """For each of `prunable_layers`, in its order: the names it may have in a file, and its shape.

    A checkpoint of a body without head lacks the prefix that the whole model gives its names
    ("roberta."), and the other way round.

    Raises:
        SourceError: transformers cannot build the model that config.json describes.
    """
    home = str(Path(__file__).parents[3])
    path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        own_process.command("labkit.pruning.files.prunable_names", str(Path(folder).resolve())),
        env={**os.environ, "PYTHONPATH": path, "HF_HUB_OFFLINE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = (done.stdout.strip() or done.stderr.strip()).splitlines() or ["no reason given"]
        raise SourceError(
            f"cannot build the model of {Path(folder) / 'config.json'}: {said[-1]}. Name the "
            "tensors to prune yourself (--include REGEX)."
        )
    return [(names, shape) for names, shape in json.loads(done.stdout)]


def _build(folder: str) -> list[tuple[list[str], list[int]]]:
    import torch
    import transformers

    from labkit.models.prunable import prunable_layers

    config = transformers.AutoConfig.from_pretrained(folder, trust_remote_code=False)
    known = getattr(transformers, (config.architectures or [""])[0], None)
    with torch.device("meta"):
        model = known(config) if known else transformers.AutoModel.from_config(config)
    prefix = f"{model.base_model_prefix}."
    return [
        ([layer.name, layer.name.removeprefix(prefix), prefix + layer.name], [*layer.weight.shape])
        for layer in prunable_layers(model)
    ]


if __name__ == "__main__":
    try:
        print(json.dumps(_build(sys.argv[1])))
    except (ImportError, InputError, OSError, ValueError, KeyError, TypeError) as error:
        print(" ".join(str(error).split()))
        sys.exit(1)
