"""Chapter 3: what a classifier answers, and how good that is.

In: sentence pairs with labels (`load_mrpc`), a model and its tokenizer.
Out: logits and losses per example, and the scores that follow from them (`evaluate_mrpc`); two
models compared on the same pairs (`compare_paired`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "bootstrap": ["Interval"],
        "classify": ["encode_pairs", "evaluate_mrpc"],
        "mrpc": ["load_mrpc"],
        "paired": ["PairedComparison", "compare_paired"],
        "scores": ["Baselines", "Evaluation"],
    },
)
