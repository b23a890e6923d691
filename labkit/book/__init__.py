"""What the pages of the book call, and what builds them into a site.

In: the course's folder.  Out: on a page, figures and numbers (`show`, `number`, `words`), the study
they come from (`course_study`), and the slider; of all pages, the site (`build_book`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "pages": [
            "benchmark",
            "course_study",
            "curve_study",
            "figure_frame",
            "figure_svg",
            "number",
            "reader_results",
            "show",
            "words",
        ],
        "site": ["build_book"],
    },
)
