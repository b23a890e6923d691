"""Each name that a room promises in its `__init__.py` is there when it is asked for."""

import pkgutil
from importlib import import_module

import pytest

import labkit

ROOMS = [
    "labkit",
    *(i.name for i in pkgutil.walk_packages(labkit.__path__, "labkit.") if i.ispkg),
]


@pytest.mark.parametrize("room", ROOMS)
def test_every_promised_name_is_there(room):
    module = import_module(room)
    for name in getattr(module, "__all__", ()):
        assert hasattr(module, name), name
