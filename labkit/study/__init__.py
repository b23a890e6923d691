"""The whole course in one run: models × levels, pruned, evaluated and measured.

In: `Settings`.  Out: a `Study` of tables, its cells kept on disk (`run_study`), and a page of it
(`write_report`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "report": ["write_report"],
        "run": ["Study", "run_study"],
        "settings": ["Settings"],
    },
)
