"""`transformers.models` is the same whether its files are looked at once or twice."""

import json
import subprocess
import sys

import pytest
from places import ROOT

pytestmark = pytest.mark.slow

# In a process of its own each: what is imported stays.
KNOWN = """
import json, sys
from importlib import import_module
for name in sys.argv[1:]:
    import_module(name)
from transformers.utils import import_utils
read = import_utils.define_import_structure.cache_info()
import transformers.models as models
from transformers.models.gpt2 import modeling_gpt2
structure = {
    name: sorted(found) if isinstance(found, (set, frozenset, list, tuple)) else repr(found)
    for name, found in models._import_structure.items()
}
missing = {name: sorted(map(str, what)) for name, what in models._object_missing_backend.items()}
print(json.dumps({
    "looks": read.misses,
    "names": sorted(dir(models)),
    "structure": structure,
    "classes": models._class_to_module,
    "missing": missing,
    "own": modeling_gpt2.GPT2Model.__module__,
}, default=sorted, sort_keys=True))
"""


def known(*modules):
    done = subprocess.run(
        [sys.executable, "-c", KNOWN, *modules],
        env={"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_models_are_known_as_ever_with_one_look_less():
    quick, usual = known("labkit.checks.engine.quick_transformers"), known("transformers.models")
    assert quick.pop("looks") == 1 and usual.pop("looks") == 2
    assert len(usual["classes"]) > 1000
    assert quick == usual
