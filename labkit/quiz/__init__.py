"""Questions with options and feedback: the form they are written in, and what platforms read.

In: `solutions/quiz-NN-name.md`, the bank of a chapter (`find_banks`, `read_bank`), in the form of
the chapters' own `{quiz}` (`read_quiz`).  Out: Moodle's GIFT and XML, and the zip of QTI 1.2 that
Canvas imports (`write_banks`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "bank": ["Bank", "Choice", "Question", "find_banks", "read_bank"],
        "export": ["FORMS", "write_banks"],
        "form": ["Option", "QuizError", "read_quiz"],
    },
)
