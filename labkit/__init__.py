"""Helpers of the LLM Sparsity Lab, a room for each chapter of the course.

| room | chapter | what it is for |
| --- | --- | --- |
| `models`, `mini` | | where models come from, and which of their weights may be pruned |
| `weights` | 1 | how weights are distributed |
| `pruning` | 2 | which weights go, and setting them to zero |
| `evaluation` | 3 | what a classifier answers, and how good that is; of texts: what they cost |
| `storage`, `execution` | 4 | what zeros save on disk, and in time |
| `training` | 5 | to fit a model, and to let a pruned one recover |
| `study`, `plots`, `book` | | the whole course in one run, its figures and its pages |
| `labs`, `checks`, `grading` | | the exercises, what judges them, and a whole class of answers |

The names that most people need stand here: `labkit.prune_global` is
`labkit.pruning.prune_global`.  Importing `labkit` is quick: torch and transformers are imported by
the functions that need them.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "models": ["load_model", "prunable_layers", "prunable_parameters"],
        "evaluation": ["load_mrpc", "encode_pairs", "evaluate_mrpc", "compare_paired"],
        "evaluation.text": ["compare_texts", "evaluate_text", "load_text", "sample_text"],
        "weights": ["weight_summary"],
        "pruning": ["prune_global", "prune_model", "prune_nm", "sparsity_of", "sweep"],
        "pruning.files": ["prune_files"],
        "storage": ["load_sparse", "load_sparse_state", "measure_size", "save_sparse"],
        "execution": ["SparseLinear", "dense_linear", "measure_runtime", "sparse_linear"],
        "study": ["run_study"],
        "checks": ["check"],
    },
)
