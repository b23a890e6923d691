"""Why a checkpoint cannot be loaded, in words, and what to do about it."""

from __future__ import annotations


def remedy(where: str, options: dict, error: Exception) -> str:
    """What is wrong with a checkpoint that cannot be loaded, and what to do about it."""
    import transformers

    if isinstance(error, ImportError):
        return missing(error)
    whole = (
        f"{first_line(error)}. Check that its files are whole (config, weights, tokenizer) and "
        "fetch or copy it again."
    )
    version = f"transformers {transformers.__version__}"
    try:
        config = transformers.AutoConfig.from_pretrained(where, **options)
    except Exception:
        config = None
        try:
            read, _ = transformers.PreTrainedConfig.get_config_dict(where, **options)
        except Exception:
            return whole
        kind = read.get("model_type")
        if kind is None:
            return "its config.json has no model_type. Save it again with save_pretrained."
        if kind not in transformers.CONFIG_MAPPING:
            return (
                f"its model_type {kind!r} is unknown to {version}. Use a checkpoint whose family "
                "it has: code that comes with a checkpoint is not run."
            )
    classes = transformers.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING
    if config is not None and type(config) not in classes:
        return (
            f"its family {config.model_type!r} has no sequence classifier in {version}, so that it "
            "cannot be evaluated on sentence pairs. Its weights can still be pruned on disk "
            "(labkit prune), and AutoModel.from_pretrained(...) gives a model that can be "
            "summarised, pruned, stored and timed."
        )
    return whole


def missing(error: ImportError) -> str:
    """Which package is missing, as the library that misses it says."""
    lines = " ".join(str(error).split())
    return f"it needs a package that is not installed: {lines}"


def first_line(error: Exception) -> str:
    """What an error says first, without the full stop; its type where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
