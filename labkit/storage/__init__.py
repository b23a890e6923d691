"""Chapter 4, size: what a model with zeros takes on disk.

In: a pruned model.  Out: its bytes in several forms (`measure_size`, `compare_formats`), and a file
that holds the kept weights alone (`save_sparse`, `load_sparse`; FORMAT.md has the layout).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "formats": ["bits_per_weight", "compare_formats"],
        "size": ["ModelSize", "binary_entropy", "measure_size"],
        "sparse_file": ["load_sparse", "load_sparse_state", "save_sparse"],
    },
)
