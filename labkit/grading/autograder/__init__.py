"""The autograder: one submission in a folder, graded where a platform runs it.

In: a lab and a seed.  Out: the zip that Gradescope builds its container from
(`write_gradescope_zip`), and what runs in it: a folder goes in, an `Outcome` and the platform's
result file come out.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "gradescope_zip": ["write_gradescope_zip"],
        "one_folder": ["grade_folder", "handed_over"],
    },
)
