"""The gradebook: where outcomes become nbgrader's scores, and final grades are read back.

In: outcomes.  Out: rows of nbgrader's database and files in `autograded/` (`record`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "course": ["Course"],
        "final_scores": ["final_points"],
        "record_scores": ["record"],
    },
)
