"""The labs: notebooks made from one text each, and students' working copies.

In: `solutions/LAB/LAB.py` and the registry of exercises.  Out: the notebooks of `solutions/` and
`exercises/` (`build_labs`), the tables on the exercises, and a student's copy (`start_labs`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "answers": ["answers_page", "exercises_table", "mistakes_table"],
        "build": ["build_labs"],
        "cell_text": ["overview_table"],
        "sheet": ["lab_needs", "sheet_table"],
        "workspace": ["lab_names", "start_labs"],
    },
)
