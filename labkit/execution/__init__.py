"""Chapter 4, runtime: computing with the kept weights alone.

In: a pruned model.  Out: the same model with sparse layers (`sparse_linear`, and back:
`dense_linear`), how long a forward pass takes (`measure_runtime`), and what could be gained at most
(`free_linear`, `amdahl`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "amdahl": ["amdahl", "free_linear"],
        "runtime": ["Runtime", "measure_runtime"],
        "sparse_layer": ["SparseLinear"],
        "sparse_layers": ["dense_linear", "sparse_linear"],
        "sparse_or_dense": ["LayerChoice"],
    },
)
