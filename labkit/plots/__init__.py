"""Figures from the tables of a study, each with its text description.

In: a table (pandas) or a summary.  Out: a `Plot`: the figure, a name, and words for those who do
not see it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "costs": ["plot_amdahl", "plot_bits", "plot_layer_times", "plot_speedups"],
        "criteria": ["plot_calibration", "plot_criteria"],
        "curves": ["plot_collapse", "plot_curves", "plot_layers", "plot_methods", "plot_paired"],
        "figure": ["INK", "SERIES", "Plot"],
        "language": ["plot_decoders", "plot_perplexity", "plot_two_measures", "plot_written"],
        "page": ["render"],
        "size_and_runtime": ["plot_runtime", "plot_size"],
        "text": ["plot_text_curves", "plot_text_paired", "plot_writing"],
        "trials": ["plot_random", "plot_recall", "plot_recovery", "plot_sensitivity"],
        "weights": ["plot_bands", "plot_qq", "plot_weights"],
    },
)
