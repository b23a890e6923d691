"""Imports `transformers.models` with one look at its files, where transformers takes two.

It reads its thousand files of models to know their names, and reads them again for the same names
as `transformers.models` is imported: a fifth of a second, in each process that grades.  Where
another version does this otherwise, it is imported as usual.
"""

from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import transformers
from transformers.utils import import_utils

Names = dict[frozenset[str], dict[str, set[str]]]


def _import_models() -> None:
    folder = Path(transformers.__file__).parent / "models"
    read = import_utils.define_import_structure
    whole = read(folder, prefix="models")  # it keeps what it gave as transformers was imported

    def known(place: Any, prefix: str | None = None) -> Names:
        if prefix is not None or Path(place) != folder / "__init__.py":
            return read(place, prefix)
        return {
            needed: {
                name.removeprefix("models."): found
                for name, found in names.items()
                if name.startswith("models.")
            }
            for needed, names in whole.items()
        }

    import_utils.define_import_structure = known
    try:
        import_module("transformers.models")
    finally:
        import_utils.define_import_structure = read


with suppress(AttributeError, ImportError, TypeError):
    _import_models()
