"""The self-made text for language models: pinned splits, and an endless stream to train on.

The documents are those of `stories`; `text/` holds the shipped ones, one JSON object with the
field `text` a line.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Final

from labkit.files import write_text
from labkit.mini.stories import draw_document

SEED: Final = 2024
SIZES: Final[Mapping[str, int]] = MappingProxyType({"train": 1000, "validation": 320, "test": 320})
"""Documents of each shipped split."""

TEXT_FOLDER: Final = Path(__file__).parent / "text"


def generate_texts(seed: int = SEED) -> dict[str, tuple[str, ...]]:
    """The documents of each split; the first sentence of none stands in another.

    Validation and test are drawn before train, so that they do not depend on its size.
    """
    rng = Random(seed)
    seen: set[str] = set()
    drawn = {}
    for split in ("validation", "test", "train"):
        documents = []
        while len(documents) < SIZES[split]:
            sentences = draw_document(rng)
            if sentences[0] not in seen:
                seen.add(sentences[0])
                documents.append(" ".join(sentences))
        drawn[split] = tuple(documents)
    return {split: drawn[split] for split in SIZES}


@lru_cache(maxsize=1)
def held_out_facts() -> frozenset[str]:
    """The first sentences of the shipped validation and test documents."""
    splits = generate_texts()
    return frozenset(
        f"{text.split(' . ', 1)[0]} ." for split in ("validation", "test") for text in splits[split]
    )


def draw_training_document(rng: Random) -> str:
    """A document whose first sentence opens none of the shipped validation and test splits."""
    while True:
        sentences = draw_document(rng)
        if sentences[0] not in held_out_facts():
            return " ".join(sentences)


def write_texts(folder: Path | str = TEXT_FOLDER, seed: int = SEED) -> list[Path]:
    """Write `train.jsonl`, `validation.jsonl` and `test.jsonl`, and return their paths.

    UTF-8, `\\n`, the same bytes for the same seed on every platform.

    Raises:
        SourceError: the folder cannot be written.
    """
    return [
        write_text(
            Path(folder) / f"{split}.jsonl",
            "".join(f"{json.dumps({'text': text}, ensure_ascii=False)}\n" for text in documents),
        )
        for split, documents in generate_texts(seed).items()
    ]
