"""Chapter 2: which weights go, and setting them to zero.

In: a model or named tensors, and a `sparsity` (0 to 1, the fraction of zeros).
Out: masks, True where a weight is kept (`global_masks`), or the model itself with its zeros
(`prune_global`, `prune_model`, `sweep`, `prune_nm`).  Checkpoints on disk: `labkit.pruning.files`.
Chapter 7, criteria that look at the inputs too: `labkit.pruning.calibrated`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "calibrated.allocation": [
            "allocate",
            "allocate_by_magnitude",
            "allocate_by_part",
            "allocate_uniformly",
        ],
        "calibrated.by_magnitude": ["prune_layerwise"],
        "calibrated.importance": ["block_outliers", "sensitivities"],
        "calibrated.inputs": ["calibrate"],
        "calibrated.block_parts": ["part_of"],
        "calibrated.sequences": ["draw_sequences"],
        "calibrated.sparsegpt": ["prune_sparsegpt"],
        "calibrated.wanda": ["prune_wanda"],
        "masks": ["check_sparsity", "global_masks", "layerwise_masks", "random_masks"],
        "nm": ["nm_mask", "prune_nm"],
        "prune": ["Pruning", "prune_global", "prune_model", "sparsity_of", "sweep"],
    },
)
