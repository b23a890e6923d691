"""The mini zoo: self-made pairs and documents, and six small models that ship with the project.

In: a seed. Out: pairs of sentences (`grammar`, from the words of `lexicon` and `frames`), the
corpus of them (`generate_corpus`), and the recipe that trains classifiers from nothing (`recipe`,
by way of `stages`). `corpus/` and `zoo/` hold what came out.

The same for language models: documents (`stories`, from `templates` and `references`), their splits
(`texts`), a recogniser of their sentences (`parser`), and the recipe (`text_recipe`). `text/` and
`zoo/text/` hold what came out. Both recipes share the loop (`training`).

Importing this package loads neither torch nor datasets; the functions do so when called.
"""

from labkit.mini.corpus import (
    CORPUS_FOLDER,
    SEED,
    generate_corpus,
    generate_pairs,
    pair_kinds,
    pair_stream,
    write_corpus,
)
from labkit.mini.grammar import KINDS, Pair

__all__ = [
    "CORPUS_FOLDER",
    "KINDS",
    "SEED",
    "Pair",
    "generate_corpus",
    "generate_pairs",
    "pair_kinds",
    "pair_stream",
    "write_corpus",
]
