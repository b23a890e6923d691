"""Chapter 2, at full size: prune a checkpoint from disk to disk, larger than memory.

In: a safetensors file or a checkpoint folder.  Out: the same with zeros, and what was done
(`prune_files`); with workers or a scheduler where there are some (`cluster`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "checkpoint": ["Checkpoint", "open_checkpoint"],
        "on_cluster": ["cluster"],
        "prune_file": ["FilePruning", "prune_files"],
    },
)
