"""Reports: what a graded class looks like, to its instructor, its students and their platform.

In: outcomes.  Out: the report of the class (`write_report`), feedback (`write_feedback`), and
grades as Canvas, Moodle and Gradescope read them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "class_report": ["write_report"],
        "exports": ["write_canvas", "write_gradescope", "write_moodle"],
        "feedback": ["write_feedback"],
    },
)
