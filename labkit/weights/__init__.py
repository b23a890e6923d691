"""Chapter 1: how the weights of a model are distributed.

In: a model.  Out: shares below a threshold, moments, tails and outliers, quantiles, histograms and
fits, by block and by stack (`weight_summary`), gathered in one pass.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "distribution": ["Distribution", "Fit"],
        "summary": ["WeightSummary", "weight_summary"],
        "tails": ["Extreme", "Outliers"],
    },
)
