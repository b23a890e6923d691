"""Load a model with its tokenizer, from any source, in a fixed state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from labkit.errors import InputError, SourceError
from labkit.models import heads, hub, language, prunable, recomputed, sources, unread
from labkit.models.blueprint import blueprint, refuse_adapter
from labkit.models.load_errors import remedy
from labkit.models.published import published_config
from labkit.models.quiet import quiet
from labkit.models.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Head = Literal["auto", "trained", "fresh"]
Task = Literal["mrpc", "text"]


@dataclass(frozen=True)
class ModelSpec:
    """What was loaded.

    `family` is "encoder", "decoder" or "encoder-decoder"; `head` is "trained" or "fresh" (drawn
    from the seed); `parameters` counts all weights, tied ones once, `prunable` those of the
    blocks' matrices.  `task` is "mrpc" (a classifier of sentence pairs) or "text" (a language
    model, whose `kind` is "causal", "masked" or "denoising"); `tied` says that the head's matrix is
    the table of the embeddings, so that both change together.
    """

    name: str
    source: str
    family: str
    model_type: str
    encoder_blocks: int
    decoder_blocks: int
    head: str
    parameters: int
    prunable: int
    task: str = "mrpc"
    kind: str = "classifier"
    tied: bool = False

    @property
    def blocks(self) -> int:
        """Blocks of encoder and decoder together."""
        return self.encoder_blocks + self.decoder_blocks

    @property
    def title(self) -> str:
        """Name for headings and legends, which never passes a stand-in off as the real model."""
        if self.source not in ("mini", "hub", "random"):
            return self.name
        name = sources.DISPLAY_NAMES[self.name]
        return {"mini": f"mini {name}", "random": f"{name} (random weights)"}.get(self.source, name)


class Loaded(NamedTuple):
    """`model, tokenizer, spec = load_model(...)`."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    spec: ModelSpec


def load_model(
    name: str,
    source: str | Path = "mini",
    *,
    task: Task = "mrpc",
    head: Head = "auto",
    seed: int = 0,
) -> Loaded:
    """Load a model with the head of its task, in evaluation mode, on the CPU.

    Args:
        name: "roberta", "gpt2" or "bart"; with a path as `source` any label for tables and plots.
        source: "mini" (ships with labkit, trained on generated text), "hub" (the published
            checkpoint, downloaded once), "random" (the full published architecture with random
            weights: right for size and runtime, meaningless for scores), or the folder of a
            Hugging Face checkpoint of any encoder, decoder or encoder-decoder family.
        task: "mrpc" for a sequence classifier for sentence pairs; "text" for a language model:
            causal (GPT-2), masked (RoBERTa) or denoising (BART), by the family.  Its head is never
            drawn: published checkpoints have it, and it needs no fine-tuning.
        head: of a classifier.  "auto" takes the classification head as the source has it;
            "trained" insists on a trained one (for "hub": the checkpoint that `labkit finetune`
            made); "fresh" draws a new one, as the first fine-tuning step sees it.
        seed: of the random weights and of a fresh head.

    Returns:
        (model, tokenizer, spec).  The model's dtype is the checkpoint's.  A tokenizer without a
        padding token (GPT-2) gets its end-of-text token for it, and the model's
        `config.pad_token_id` is set alike, since the classifier pools the last token that is not
        padding.

    Raises:
        InputError: an unknown name, task or head, a checkpoint whose head is not for two classes,
            or a fresh head for a language model.
        SourceError: the checkpoint is missing, damaged or out of reach, or for "text" a classifier,
            without a trained language-model head, or of a family that has none; says what to do.
    """
    if head not in ("auto", "trained", "fresh"):
        raise InputError(f"head={head!r}: choose 'auto', 'trained' or 'fresh'")
    if task not in ("mrpc", "text"):
        raise InputError(f"task={task!r}: choose 'mrpc' or 'text'")
    if task == "text" and head == "fresh":
        raise InputError("head='fresh' is for classifiers: a drawn head says nothing of a text")
    source = str(source)
    if source in ("mini", "hub", "random"):
        sources.check_name(name)
    if source == "random":
        model, tokenizer, fresh = _random(name, task, head, seed)
    else:
        where, options = _locate(name, source, task, head)
        if task == "text":
            model, fresh = language.load_language_model(where, options), False
        else:
            model, fresh = _classifier(where, options, head, seed)
        tokenizer = load_tokenizer(where, options)
    _fix_padding(model, tokenizer)
    model.eval()
    blocks = prunable.block_counts(model)
    text = task == "text"
    spec = ModelSpec(
        name=name,
        source=source,
        family=prunable.family(model),
        model_type=model.config.model_type,
        encoder_blocks=_blocks(blocks, prunable.ENCODER),
        decoder_blocks=_blocks(blocks, prunable.DECODER),
        head="fresh" if fresh else "trained",
        parameters=sum(p.numel() for p in model.parameters()),
        prunable=sum(p.numel() for p in prunable.prunable_parameters(model).values()),
        task=task,
        kind=language.language_kind(model) if text else "classifier",
        tied=text and language.tied_head(model),
    )
    return Loaded(model, tokenizer, spec)


def described(
    name: str, source: str | Path, *, task: Task = "mrpc", head: Head = "auto"
) -> PreTrainedModel:
    """The model of `load_model` without memory for its weights (device "meta"), any head.

    Raises:
        SourceError: as `load_model`; a model of the hub must be in the cache.
    """
    import torch
    from transformers import AutoModel

    source = str(source)
    if source == "random":
        with torch.device("meta"):
            return AutoModel.from_config(published_config(name))
    if source == "hub" and (task == "text" or head != "trained"):
        cached = hub.cached_model(sources.HUB_MODELS[sources.check_name(name)], verify=False)
        return blueprint(cached or sources.HUB_MODELS[name])
    return blueprint(_locate(name, source, task, head)[0])


def _blocks(counts: dict[str, int], kind: str) -> int:
    """Blocks of all stacks of one kind: a model may have several ("encoder (vision_model)")."""
    return sum(count for stack, count in counts.items() if stack.split(" ")[0] == kind)


def _random(name: str, task: Task, head: Head, seed: int) -> tuple:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    if head == "trained":
        raise InputError("source='random' has no trained head: use head='auto' or 'fresh'")
    config = published_config(name)
    if task == "text":
        model = language.random_language_model(config, seed)
    else:
        with torch.random.fork_rng(devices=[]), quiet():
            torch.manual_seed(seed)
            model = AutoModelForSequenceClassification.from_config(config)
    with quiet():
        # The mini tokenizer of the same type: its ids lie within the published vocabulary.
        tokenizer = AutoTokenizer.from_pretrained(sources.mini_checkpoint(name, task))
    return model, tokenizer, True


def _locate(name: str, source: str, task: Task, head: Head) -> tuple[str, dict]:
    """Checkpoint folder or hub id, and the options `from_pretrained` needs for it."""
    if source == "mini":
        return str(sources.mini_checkpoint(name, task)), {}
    if source == "hub":
        if task == "text" or head != "trained":
            return sources.HUB_MODELS[name], hub.require_model(sources.HUB_MODELS[name])
        folder = sources.finetuned_checkpoint(name)
        if not (folder / "config.json").exists():
            raise SourceError(
                f"no fine-tuned {name} in {folder}. Make it with "
                f"`labkit finetune {name} --source hub`, or take the model as loaded (--as-loaded)."
            )
        return str(folder), {}
    folder = Path(source).expanduser()
    refuse_adapter(folder)
    if not (folder / "config.json").is_file():
        raise SourceError(
            f"{folder} is not a checkpoint folder (no config.json in it). A source is 'mini', "
            "'hub', 'random' or a folder that `save_pretrained` wrote."
        )
    return str(folder), {}


def _classifier(where: str, options: dict, head: Head, seed: int) -> tuple[PreTrainedModel, bool]:
    import torch
    from transformers import AutoModelForSequenceClassification

    try:
        with torch.random.fork_rng(devices=[]), quiet():
            torch.manual_seed(seed)
            model, loading = AutoModelForSequenceClassification.from_pretrained(
                where,
                num_labels=2,
                output_loading_info=True,
                ignore_mismatched_sizes=True,
                **options,
            )
    except Exception as error:  # of many libraries, of many types
        raise SourceError(f"cannot load {where}: {remedy(where, options, error)}") from error
    return model, _settle_head(where, model, loading, head, seed)


def _settle_head(where: str, model: PreTrainedModel, loading: dict, head: Head, seed: int) -> bool:
    """Check that only a head is new or left out, draw it anew if asked; True where it is fresh."""
    recomputed.check_names(where, loading["unexpected_keys"])
    unread.check(where, model, loading["unexpected_keys"])
    body = f"{model.base_model_prefix}."
    mismatched = {key[0] if isinstance(key, tuple) else key for key in loading["mismatched_keys"]}
    missing = set(loading["missing_keys"]) | mismatched
    # A pooler belongs to the head in spirit: published encoders often come without one.
    if broken := sorted(k for k in missing if k.startswith(body) and ".pooler." not in k):
        raise SourceError(
            f"{where} lacks {len(broken)} weights of the model's body, or has them in another "
            f"shape, the first being {broken[0]}: config.json and the weights do not belong "
            "together. Fetch or copy the checkpoint again."
        )
    if other := heads.other_task(model):
        if head == "trained":
            raise SourceError(
                f"{where} is a {other}, whose head was trained for another task. Fine-tune it with "
                "`labkit finetune`, or take it as loaded (--as-loaded)."
            )
        heads.draw(model, seed)
        return True
    if mismatched and head != "fresh":
        raise InputError(
            f"the classification head of {where} is not for two classes (first mismatch: "
            f"{sorted(mismatched)[0]}). Load it with head='fresh' (--as-loaded) and fine-tune."
        )
    if head == "trained" and missing:
        raise SourceError(
            f"{where} has no trained classification head ({sorted(missing)[0]} is missing). "
            "Fine-tune it with `labkit finetune`, or take it as loaded (--as-loaded)."
        )
    if head == "fresh":
        heads.draw(model, seed)
    return head == "fresh" or bool(missing)


def _fix_padding(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    # XLNet reads its answer in the last place, which padding must not take while it is trained.
    tokenizer.padding_side = "left" if model.config.model_type == "xlnet" else "right"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    pad, words = model.config.pad_token_id, getattr(model.config, "vocab_size", float("inf"))
    if pad is None or not 0 <= pad < words:  # some Llama checkpoints were published with -1
        model.config.pad_token_id = tokenizer.pad_token_id
