"""Modules of the library and of labkit, written where an import might find them first."""

# lost: nothing

import contextlib
import importlib
import sys
from pathlib import Path

CODE = "raise SystemExit('BREACH: imported from the folder of the submission')"
for name in ("json", "torch", "numpy", "colorsys", "sitecustomize", "usercustomize"):
    Path(f"{name}.py").write_text(CODE)
    Path("/tmp", f"{name}.py").write_text(CODE)
Path("labkit/checks").mkdir(parents=True)
for place in ("labkit", "labkit/checks"):
    Path(place, "__init__.py").write_text(CODE)
for name in ("json", "colorsys", "labkit.checks.engine.plain_data"):
    sys.modules.pop(name, None)
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
