"""Training: to fit a model to the pairs, to train on while zeros stay zero, or become more.

In: a pretrained or pruned model, and pairs.  Out: a checkpoint folder (`finetune`), the same
model with other kept weights (`finetune_masked`), or one that was pruned meanwhile
(`finetune_gradual`, `finetune_movement`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "gradual": ["finetune_gradual"],
        "movement": ["Soft", "finetune_movement"],
        "recover": ["finetune_masked"],
        "result": ["FinetuneResult"],
        "schedule": ["TrainedPruning", "cubic_sparsity"],
        "trainer": ["finetune"],
    },
)
