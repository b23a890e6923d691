"""Training: to fit a model to the pairs, and to train it further while its zeros stay zero.

In: a pretrained or pruned model, and pairs.  Out: a checkpoint folder (`finetune`), or the same
model with other kept weights (`finetune_masked`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "recover": ["finetune_masked"],
        "result": ["FinetuneResult"],
        "trainer": ["finetune"],
    },
)
