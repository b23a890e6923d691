"""Chapter 7: which weights go, seen through the data that flows through them.

In: a model, sequences to calibrate it on (`draw_sequences`), and a sparsity, one for each layer
(`allocation`) or a pattern N:M.  Out: the model with its zeros (`prune_wanda`, `prune_sparsegpt`),
block by block; `prune_layerwise` does the same by magnitude, without data.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "allocation": [
            "allocate",
            "allocate_by_magnitude",
            "allocate_by_part",
            "allocate_uniformly",
        ],
        "block_parts": ["part_of"],
        "by_magnitude": ["prune_layerwise"],
        "inputs": ["Block", "calibrate"],
        "importance": ["block_outliers", "sensitivities"],
        "result": ["CalibratedPruning"],
        "sequences": ["draw_sequences"],
        "sparsegpt": ["prune_sparsegpt"],
        "wanda": ["prune_wanda"],
    },
)
