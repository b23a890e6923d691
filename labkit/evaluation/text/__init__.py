"""Chapter 6: what a language model pays for a text, and what it writes.

In: documents (`load_text`, or any list of strings), a language model and its tokenizer.
Out: nats per document, and loss, perplexity and bits per byte that follow (`evaluate_text`); two
models compared on the same documents (`compare_texts`); text that a model writes (`sample_text`),
how often it repeats itself (`repetition`) and how much of it is grammatical (`grammatical_share`,
by the grammar of the mini text).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "compare": ["TextComparison", "compare_texts"],
        "corpus": ["Texts", "load_text"],
        "evaluate": ["evaluate_text"],
        "sampling": ["Sample", "grammatical_share", "repetition", "sample_text"],
        "scores": ["TextEvaluation"],
        "windows": ["Window", "windows"],
    },
)
