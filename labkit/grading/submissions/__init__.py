"""Submissions: from what a platform hands over to one notebook for each student.

In: a folder or zip of any form, and a roster.  Out: for each student a `Handed` notebook, mended,
and put together with the course's own text.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "intake": ["read_submissions"],
        "outcomes": ["Handed", "Outcome", "Scored"],
        "roster": ["read_roster"],
    },
)
