"""Running: from a class's notebooks to their outcomes, on all cores, resumable.

In: handed notebooks.  Out: an `Outcome` each (`grade_all`), kept at once.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "finished": ["Store"],
        "one_submission": ["grade_one"],
        "whole_class": ["grade_all"],
    },
)
