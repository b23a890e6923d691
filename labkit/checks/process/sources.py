"""The code cells of a submission's file: text, nothing of it runs."""

import json
import re
from pathlib import Path

# How jupytext and Jupyter's export mark the cells of a .py file.
_MARK = re.compile(r"^# ?(?:%%.*|In ?\[[ \d]*\]:)$", re.MULTILINE)


def script_cells(text: str) -> list[str]:
    """The cells of a .py file (py:percent, or as Jupyter exports it), or one cell.

    Cells of text are comments, and stand among them.
    """
    return [cell for cell in _MARK.split(text) if cell.strip()]


def cells(path: Path) -> list[str]:
    """Code cells of a notebook or of a .py file.

    Raises:
        Exception: the file cannot be read; what exactly depends on what is wrong with it.
    """
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return script_cells(text)
    notebook = json.loads(text)
    if notebook["nbformat"] != 4:
        # Takes a second to import, and hardly any file needs it.
        import nbformat

        notebook = nbformat.reads(text, as_version=4)
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
