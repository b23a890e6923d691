"""The model that a checkpoint's config.json describes, without memory for its weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from labkit.errors import SourceError
from labkit.models.quiet import quiet

if TYPE_CHECKING:
    from transformers import PreTrainedModel

ADAPTER = "adapter_config.json"


def refuse_adapter(folder: Path | str) -> None:
    """Raise SourceError where the folder holds an adapter (LoRA), not the weights of a model."""
    folder = Path(folder)
    if (folder / ADAPTER).is_file() and not (folder / "config.json").is_file():
        raise adapter_error(f"{folder} holds an adapter ({ADAPTER})")


def adapter_error(what: str) -> SourceError:
    """The refusal of weights that are an adapter's."""
    return SourceError(
        f"{what}, which only adds to the weights of another checkpoint: load both with peft, call "
        "merge_and_unload(), save the model with save_pretrained and name that folder"
    )


def blueprint(folder: Path | str) -> PreTrainedModel:
    """The model of `folder`/config.json on the device "meta": shapes and names, no values.

    The class is that of `architectures`, or the family's body where it names none that
    transformers has.

    Raises:
        SourceError: no config.json, an adapter's folder, or nothing that transformers can build.
    """
    import torch
    import transformers

    folder = Path(folder).expanduser()
    refuse_adapter(folder)
    if not (folder / "config.json").is_file():
        raise SourceError(f"{folder} is not a checkpoint folder (no config.json in it)")
    try:
        with quiet(), torch.device("meta"):
            config = transformers.AutoConfig.from_pretrained(folder, trust_remote_code=False)
            known = getattr(transformers, (config.architectures or [""])[0], None)
            return known(config) if known else transformers.AutoModel.from_config(config)
    except Exception as error:  # many libraries, many types: the remedy is the same
        said = " ".join(str(error).split()) or type(error).__name__
        raise SourceError(f"cannot build the model of {folder / 'config.json'}: {said}") from error
