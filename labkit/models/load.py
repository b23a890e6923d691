"""Load a model with its tokenizer, from any source, in a fixed state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from labkit.errors import InputError, SourceError
from labkit.models import hub, prunable, recomputed, sources
from labkit.models.blueprint import blueprint, refuse_adapter
from labkit.models.load_errors import first_line, missing, remedy
from labkit.models.quiet import quiet

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

Head = Literal["auto", "trained", "fresh"]


@dataclass(frozen=True)
class ModelSpec:
    """What was loaded.

    `family` is "encoder", "decoder" or "encoder-decoder"; `head` is "trained" or "fresh" (drawn
    from the seed); `parameters` counts all weights, tied ones once, `prunable` those of the
    blocks' matrices.
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
    name: str, source: str | Path = "mini", *, head: Head = "auto", seed: int = 0
) -> Loaded:
    """Load a sequence classifier for sentence pairs, in evaluation mode, on the CPU.

    Args:
        name: "roberta", "gpt2" or "bart"; with a path as `source` any label for tables and plots.
        source: "mini" (ships with labkit, fine-tuned on the mini corpus), "hub" (the published
            checkpoint, downloaded once), "random" (the full published architecture with random
            weights: right for size and runtime, meaningless for accuracy), or the folder of a
            Hugging Face checkpoint of any encoder, decoder or encoder-decoder family.
        head: "auto" takes the classification head as the source has it; "trained" insists on a
            trained one (for "hub": the checkpoint that `labkit finetune` made); "fresh" draws
            a new one, as the first fine-tuning step sees it.
        seed: of the random weights and of a fresh head.

    Returns:
        (model, tokenizer, spec).  The model's dtype is the checkpoint's.  A tokenizer without a
        padding token (GPT-2) gets its end-of-text token for it, and the model's
        `config.pad_token_id` is set alike, since the classifier pools the last token that is not
        padding.

    Raises:
        InputError: an unknown name or head, or a checkpoint whose head is not for two classes.
        SourceError: the checkpoint is missing, damaged or out of reach; says what to do.
    """
    if head not in ("auto", "trained", "fresh"):
        raise InputError(f"head={head!r}: choose 'auto', 'trained' or 'fresh'")
    source = str(source)
    if source in ("mini", "hub", "random"):
        sources.check_name(name)
    if source == "random":
        model, tokenizer, fresh = _random(name, head, seed)
    else:
        where, options = _locate(name, source, head)
        model, tokenizer, fresh = _pretrained(where, options, head, seed)
    _fix_padding(model, tokenizer)
    model.eval()
    blocks = prunable.block_counts(model)
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
    )
    return Loaded(model, tokenizer, spec)


def described(name: str, source: str | Path, *, head: Head = "auto") -> PreTrainedModel:
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
    if source == "hub" and head != "trained":
        cached = hub.cached_model(sources.HUB_MODELS[sources.check_name(name)], verify=False)
        return blueprint(cached or sources.HUB_MODELS[name])
    return blueprint(_locate(name, source, head)[0])


def _blocks(counts: dict[str, int], kind: str) -> int:
    """Blocks of all stacks of one kind: a model may have several ("encoder (vision_model)")."""
    return sum(count for stack, count in counts.items() if stack.split(" ")[0] == kind)


def published_config(name: str) -> PreTrainedConfig:
    """The published architecture of `name` with two labels (from the hub's config.json)."""
    from transformers import BartConfig, GPT2Config, RobertaConfig

    shapes = {
        "roberta": lambda: RobertaConfig(
            vocab_size=50265, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5
        ),
        "gpt2": lambda: GPT2Config(),
        "bart": lambda: BartConfig(
            d_model=768,
            encoder_layers=6,
            decoder_layers=6,
            encoder_ffn_dim=3072,
            decoder_ffn_dim=3072,
            encoder_attention_heads=12,
            decoder_attention_heads=12,
        ),
    }
    config = shapes[sources.check_name(name)]()
    config.num_labels = 2
    return config


def _random(name: str, head: Head, seed: int) -> tuple:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    if head == "trained":
        raise InputError("source='random' has no trained head: use head='auto' or 'fresh'")
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(seed)
        model = AutoModelForSequenceClassification.from_config(published_config(name))
        # The mini tokenizer of the same type: its ids lie within the published vocabulary.
        tokenizer = AutoTokenizer.from_pretrained(sources.mini_checkpoint(name))
    return model, tokenizer, True


def _locate(name: str, source: str, head: Head) -> tuple[str, dict]:
    """Checkpoint folder or hub id, and the options `from_pretrained` needs for it."""
    if source == "mini":
        return str(sources.mini_checkpoint(name)), {}
    if source == "hub":
        if head != "trained":
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


def _pretrained(where: str, options: dict, head: Head, seed: int) -> tuple:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

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
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(where, **options)
        # Without files transformers makes one that knows nothing but its special tokens.
        if len(tokenizer) <= len(tokenizer.all_special_tokens):
            raise ValueError("no vocabulary")
    except ImportError as error:
        raise SourceError(f"cannot load {where}: {missing(error)}") from error
    except Exception as error:
        raise SourceError(
            f"{where} has a model but no tokenizer that can be loaded ({first_line(error)}). Copy "
            "the tokenizer's files to it (tokenizer.json, tokenizer_config.json, vocabulary): "
            "tokenizer.save_pretrained(...) writes them."
        ) from error
    return model, tokenizer, _settle_head(where, model, loading, head, seed)


def _settle_head(where: str, model: PreTrainedModel, loading: dict, head: Head, seed: int) -> bool:
    """Check that only the head is new, draw it anew if asked; True where it is fresh."""
    recomputed.check_names(where, loading["unexpected_keys"])
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
        _draw_head(model, seed)
    return head == "fresh" or bool(missing)


def _draw_head(model: PreTrainedModel, seed: int) -> None:
    """Draw the linear layers outside the body as the model's initialisation does."""
    import torch
    from torch import nn

    config = model.config
    std = getattr(config, "initializer_range", None) or getattr(config, "init_std", 0.02)
    body = set(model.base_model.modules())
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Linear) and module not in body:
                module.weight.normal_(0.0, std, generator=generator)
                if module.bias is not None:
                    module.bias.zero_()


def _fix_padding(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    # XLNet reads its answer in the last place, which padding must not take while it is trained.
    tokenizer.padding_side = "left" if model.config.model_type == "xlnet" else "right"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    pad, words = model.config.pad_token_id, getattr(model.config, "vocab_size", float("inf"))
    if pad is None or not 0 <= pad < words:  # some Llama checkpoints were published with -1
        model.config.pad_token_id = tokenizer.pad_token_id
