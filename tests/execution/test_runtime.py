import pytest
import torch

from labkit.errors import InputError
from labkit.execution.runtime import measure_runtime


def test_runtime_states_its_conditions(tiny):
    before = torch.get_num_threads()
    for family in ("roberta", "gpt2", "bart", "t5"):
        runtime = measure_runtime(
            tiny(family), batch_size=2, length=16, repeats=4, warmup=1, threads=1
        )
        assert len(runtime.seconds) == 4 and min(runtime.seconds) > 0
        low, high = runtime.spread
        assert low <= runtime.median <= high
        row = runtime.row()
        assert (row["runtime_batch"], row["runtime_length"], row["runtime_threads"]) == (2, 16, 1)
        assert row["runtime_device"] == "cpu"
    assert torch.get_num_threads() == before


def test_runtime_is_that_of_evaluation(tiny):
    model, modes = tiny("bert").train(), []
    model.register_forward_pre_hook(lambda module, _: modes.append(module.training))
    measure_runtime(model, batch_size=1, length=4, repeats=2, warmup=1)
    assert modes == [False] * 3 and model.training


def test_runtime_refuses_what_cannot_be_measured(tiny):
    for name, value, least in (
        ("repeats", 0, 1),
        ("batch_size", -1, 1),
        ("threads", 0, 1),
        ("warmup", -5, 0),  # would count none of five repeats
    ):
        with pytest.raises(InputError, match=f"{name} is {value}; it must be at least {least}"):
            measure_runtime(tiny("bert"), **{name: value})
    with pytest.raises(InputError, match="has 64 positions"):
        measure_runtime(tiny("bert"), length=100)
