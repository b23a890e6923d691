"""What torch makes of a sparse model's code: the right answer, or an error in words."""

import pytest
import torch
from torch import nn

from labkit.errors import InputError
from labkit.execution.sparse_layer import SparseLinear
from labkit.execution.sparse_layers import sparse_linear
from tests.execution.test_attention import batch_of, model_of, states
from tests.execution.test_run_as_one import counted


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_a_trace_that_would_lack_the_work_is_refused():
    layer = nn.Linear(16, 8).eval().requires_grad_(False)
    sparse = SparseLinear(layer).eval()
    with pytest.raises(InputError, match="trace the dense model"):
        torch.jit.trace(sparse, torch.randn(3, 16), check_trace=False)


@pytest.mark.parametrize("kind", ["bert", "gpt2"])
def test_torch_compile_leaves_the_kernels_to_themselves(kind, monkeypatch):
    """It would free tensors whose addresses alone are still needed."""
    model, inputs = model_of(kind), {"input_ids": batch_of()["input_ids"]}
    expected = states(model, inputs)
    sparse_linear(model, calibrate=False)
    counted(monkeypatch)
    torch.compiler.reset()
    with torch.no_grad():
        found = torch.compile(model, backend="eager")(**inputs)[0]
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-5)
