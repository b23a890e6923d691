"""The autograder: one submission in a folder, graded where a platform runs it.

In: a lab and a seed.  Out: the zip that Gradescope builds its container from
(`write_gradescope_zip`), the folders for GitHub (`write_github_folder`), and what runs in them: a
folder goes in, an `Outcome` and the platform's result file come out.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "github_folder": ["write_classroom50_folder", "write_github_folder"],
        "gradescope_zip": ["write_gradescope_zip"],
        "one_folder": ["grade_folder", "handed_over"],
    },
)
