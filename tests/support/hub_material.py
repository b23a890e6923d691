"""What the stand-in serves: checkpoints of the real classes with random weights, and an MRPC."""

import json
from pathlib import Path

PEOPLE = ("Ana Ruiz", "Tom Becker", "Lena Fox", "Omar Haddad", "Mia Chen", "Jon Dahl")
PLACES = ("Oslo", "Lima", "Cairo", "Perth", "Turin", "Quito", "Dakar")
FRAMES = (
    ("{a} met {b} in {p} on Monday .", "On Monday , {a} and {b} met in {p} ."),
    ("{a} sold the firm to {b} in {p} .", "In {p} , the firm was sold to {b} by {a} ."),
    ("{a} told {b} that {p} is closed .", "{p} is closed , {a} told {b} ."),
)
SIZES = {"train": 96, "validation": 24, "test": 24}


def rows(split):
    """Columns of a split; two pairs of three are paraphrases, the others name another place."""
    table = {"sentence1": [], "sentence2": [], "label": [], "idx": []}
    for row in range(SIZES[split]):
        i = row + 5 * list(SIZES).index(split)
        first, second = FRAMES[i % len(FRAMES)]
        a, b, p = PEOPLE[i % 6], PEOPLE[(i + 1 + i // 6) % 6], PLACES[i % 7]
        label = int(i % 9 < 6)
        table["sentence1"].append(first.format(a=a, b=b, p=p))
        table["sentence2"].append(second.format(a=a, b=b, p=p if label else PLACES[(i + 3) % 7]))
        table["label"].append(label)
        table["idx"].append(row)
    return table


def write_glue(folder: Path) -> Path:
    """`nyu-mll/glue` in the hub's layout: parquet files per task, and the card that names them."""
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features(
        sentence1=Value("string"),
        sentence2=Value("string"),
        label=ClassLabel(names=["not_equivalent", "equivalent"]),
        idx=Value("int32"),
    )
    (folder / "mrpc").mkdir(parents=True)
    (folder / "ax").mkdir()
    for split in SIZES:
        data = Dataset.from_dict(rows(split), features=features)
        data.to_parquet(folder / "mrpc" / f"{split}-00000-of-00001.parquet")
    data.to_parquet(folder / "ax" / "test-00000-of-00001.parquet")
    splits = "\n".join(
        f"  - name: {split}\n    num_bytes: 1000\n    num_examples: {n}"
        for split, n in SIZES.items()
    )
    paths = "\n".join(f"  - split: {split}\n    path: mrpc/{split}-*" for split in SIZES)
    (folder / "README.md").write_text(
        f"""---
dataset_info:
- config_name: mrpc
  features:
  - name: sentence1
    dtype: string
  - name: sentence2
    dtype: string
  - name: label
    dtype:
      class_label:
        names:
          '0': not_equivalent
          '1': equivalent
  - name: idx
    dtype: int32
  splits:
{splits}
  download_size: 1000
  dataset_size: 3000
configs:
- config_name: ax
  data_files:
  - split: test
    path: ax/test-*
- config_name: mrpc
  data_files:
{paths}
---
# GLUE
""",
        encoding="utf-8",
    )
    return folder


WIKI_ROWS = ["", " = Oslo = \n", "", " Oslo is a city . a = b = c holds . \n", " = = Port = = \n"]
WIKI_ROWS += ["", " It has a port . \n", "", "", " = Lima = \n", "", " Lima is dry . \n"]
WIKI_ARTICLES = [
    "= Oslo = \n Oslo is a city . a = b = c holds . \n = = Port = = \n It has a port .",
    "= Lima = \n Lima is dry .",
]


def write_wikitext(folder: Path) -> Path:
    """`Salesforce/wikitext` in the hub's layout, a line of an article in each row."""
    from datasets import Dataset

    for config in ("wikitext-2-raw-v1", "wikitext-2-v1"):
        (folder / config).mkdir(parents=True)
        for split, end in {"train": -1, "validation": None, "test": -4}.items():
            data = Dataset.from_dict({"text": [*WIKI_ROWS, ""][:end]})
            data.to_parquet(folder / config / f"{split}-00000-of-00001.parquet")
    return folder


def tokenizer(name):
    """A tokenizer of the original's type, trained on the rows above."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import BartTokenizer, GPT2Tokenizer, RobertaTokenizer

    special = [] if name == "gpt2" else ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trained = ByteLevelBPETokenizer()
    text = [s for split in SIZES for key in ("sentence1", "sentence2") for s in rows(split)[key]]
    trained.train_from_iterator(text, 400, special_tokens=special, show_progress=False)
    vocabulary = trained.get_vocab()
    merges = [tuple(m) for m in json.loads(trained.to_str())["model"]["merges"]]
    if name == "gpt2":
        vocabulary["<|endoftext|>"] = len(vocabulary)
    kind = {"roberta": RobertaTokenizer, "gpt2": GPT2Tokenizer, "bart": BartTokenizer}[name]
    return kind(vocab=vocabulary, merges=merges, model_max_length=64)


def write_checkpoint(folder: Path, name: str, *, full: bool = False, seed: int = 3) -> Path:
    """A published checkpoint as it is on the hub: the pretrained body, no classifier.

    Tiny, or with `full` in the published shape (about 500 MB).
    """
    import torch
    from transformers import (
        BartForConditionalGeneration,
        GPT2LMHeadModel,
        RobertaForMaskedLM,
    )

    from labkit.models.load import published_config

    words = tokenizer(name)
    config = published_config(name)
    if not full:
        shrink = {
            "roberta": {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2},
            "gpt2": {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 64},
            "bart": {
                "d_model": 16,
                "encoder_layers": 2,
                "decoder_layers": 2,
                "encoder_attention_heads": 2,
                "decoder_attention_heads": 2,
                "encoder_ffn_dim": 32,
                "decoder_ffn_dim": 32,
            },
        }[name]
        shrink |= {"roberta": {"intermediate_size": 32}}.get(name, {})
        for key, value in {**shrink, "vocab_size": len(words)}.items():
            setattr(config, key, value)
        for key in ("bos_token_id", "eos_token_id", "pad_token_id"):
            setattr(config, key, getattr(words, key))
    kind = {
        "roberta": RobertaForMaskedLM,
        "gpt2": GPT2LMHeadModel,
        "bart": BartForConditionalGeneration,
    }[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = kind(config)
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    # The same weights for other frameworks, which nobody here needs.
    for other in ("flax_model.msgpack", "tf_model.h5", "pytorch_model.bin", "onnx/model.onnx"):
        (folder / other).parent.mkdir(exist_ok=True)
        (folder / other).write_bytes(b"not wanted" * 100)
    (folder / "README.md").write_text("# A model\n", encoding="utf-8")
    return folder
