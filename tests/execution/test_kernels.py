"""The sparse products against plain matrix products, on every path that runs them."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import InputError
from labkit.execution import kernels, machine_code

PRODUCTS = {"kernel": kernels.kernel_product, "csr": kernels.csr_product}


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def case(tokens, inputs, outputs, density, seed=0, bias=True):
    rng = np.random.default_rng(seed)
    weight = rng.standard_normal((outputs, inputs)) * (rng.random((outputs, inputs)) < density)
    x = rng.standard_normal((tokens, inputs))
    b = rng.standard_normal(outputs) if bias else None
    return *(torch.from_numpy(a).float() for a in (x, weight)), b if b is None else (
        torch.from_numpy(b).float()
    )


def expected(x, weight, bias):
    y = x.double().numpy() @ weight.double().numpy().T
    return y if bias is None else y + bias.double().numpy()


@given(
    tokens=st.integers(0, 140),
    inputs=st.integers(1, 70),
    outputs=st.integers(1, 70),
    density=st.floats(0, 1),
    seed=st.integers(0, 9),
    bias=st.booleans(),
    count=st.integers(1, 3),
    product=st.sampled_from(sorted(PRODUCTS)),
)
@settings(deadline=None, max_examples=60)
def test_products_equal_the_dense_one(tokens, inputs, outputs, density, seed, bias, count, product):
    torch.set_num_threads(count)
    x, weight, b = case(tokens, inputs, outputs, density, seed, bias)
    y = PRODUCTS[product](x, kernels.kept(weight), b)
    assert y.shape == (tokens, outputs)
    assert y.is_contiguous()
    np.testing.assert_allclose(y.numpy(), expected(x, weight, b), atol=1e-4)


@pytest.mark.parametrize("tokens", [1, 2, 8, 9, 16, 17, 32, 33, 64, 65, 100, 256])
@pytest.mark.parametrize(("inputs", "outputs"), [(48, 160), (3072, 40)])
def test_every_panel_length(tokens, inputs, outputs):
    x, weight, bias = case(tokens, inputs, outputs, 0.1)
    y = kernels.kernel_product(x, kernels.kept(weight), bias)
    np.testing.assert_allclose(y.numpy(), expected(x, weight, bias), atol=1e-4)


def test_activations_of_any_strides():
    x, weight, bias = case(40, 30, 20, 0.2)
    wide = torch.zeros(40, 60)
    wide[:, ::2] = x
    for strided in (x.t().contiguous().t(), wide[:, ::2], x[:1].expand(40, 30)):
        y = kernels.kernel_product(strided, kernels.kept(weight), bias)
        np.testing.assert_allclose(y.numpy(), expected(strided, weight, bias), atol=1e-5)


@pytest.mark.parametrize("product", sorted(PRODUCTS))
def test_a_bias_of_any_stride(product):
    x, weight, bias = case(40, 30, 20, 0.2)
    wide = torch.full((40,), float("nan"))
    wide[::2] = bias
    for strided in (wide[::2], bias[:1].expand(20)):
        y = PRODUCTS[product](x, kernels.kept(weight), strided)
        np.testing.assert_allclose(y.numpy(), expected(x, weight, strided), atol=1e-5)


@pytest.mark.parametrize("tokens", [1, 5, 70])
def test_what_is_not_finite_reaches_the_rows_that_kept_its_column_and_no_others(tokens):
    x, weight, bias = case(tokens, 40, 30, 0.3)
    x[:, 7], x[-1, 9] = float("inf"), float("nan")
    y = kernels.kernel_product(x, kernels.kept(weight), bias).numpy()
    rows = scipy.sparse.csr_array(weight.numpy()).T.tocsr()
    lost = np.zeros((tokens, 30), dtype=bool)
    lost[:, rows[[7]].indices] = True
    lost[-1, rows[[9]].indices] = True
    np.testing.assert_array_equal(np.isfinite(y), ~lost)
    assert np.isnan(y[-1, rows[[9]].indices]).all()


def test_kept_weights_are_scipys_csr_and_turn_back():
    _, weight, _ = case(1, 33, 21, 0.3)
    weight[5] = 0
    matrix = kernels.kept(weight)
    peer = scipy.sparse.csr_array(weight.numpy())
    np.testing.assert_array_equal(matrix.values, peer.data)
    np.testing.assert_array_equal(matrix.columns, peer.indices)
    np.testing.assert_array_equal(matrix.offsets, peer.indptr)
    assert torch.equal(matrix.dense(), weight)
    assert torch.equal(matrix.csr().to_dense(), weight)


def test_too_many_weights_for_32_bits_are_refused():
    class Endless:  # 2^31 weights would take 8 GB
        shape = (1, 2**31)

        def nonzero(self, as_tuple):
            rows = torch.zeros(1, dtype=torch.long).expand(2**31)
            return rows, rows

    with pytest.raises(InputError, match="2,147,483,648 kept weights"):
        kernels.kept(Endless())


def test_without_gnu_openmp_pythons_threads_do_the_same(monkeypatch):
    x, weight, bias = case(300, 64, 50, 0.2)
    torch.set_num_threads(3)
    y = kernels.kernel_product(x, kernels.kept(weight), bias)
    monkeypatch.setattr(machine_code, "_gomp_parallel", lambda: None)
    assert torch.equal(kernels.kernel_product(x, kernels.kept(weight), bias), y)


def test_an_interrupt_waits_for_pythons_threads(monkeypatch):
    """They write to memory that is freed as soon as whoever called has gone."""
    begun, ended, main = threading.Barrier(2), [], threading.main_thread().ident

    def work(_):
        if begun.wait() == 0:
            signal.pthread_kill(main, signal.SIGINT)
        time.sleep(0.3)
        ended.append(1)

    code = SimpleNamespace(call=work)
    monkeypatch.setattr(machine_code, "compiled", lambda _: code)
    monkeypatch.setattr(machine_code, "_gomp_parallel", lambda: None)
    with pytest.raises(KeyboardInterrupt):
        machine_code.run("", 2, [])
    assert len(ended) == 2


def test_an_interrupt_waits_for_a_thread_that_nobody_has_noted(monkeypatch):
    """Ctrl-C may come when a thread has begun and who began it has not been told."""
    begun, ended = threading.Event(), []

    def work(_):
        begun.set()
        time.sleep(0.3)
        ended.append(1)

    class Interrupted(ThreadPoolExecutor):
        def submit(self, *args):
            super().submit(*args)
            begun.wait()
            raise KeyboardInterrupt

    monkeypatch.setattr(machine_code, "compiled", lambda _: SimpleNamespace(call=work))
    monkeypatch.setattr(machine_code, "_gomp_parallel", lambda: None)
    with Interrupted(2) as pool:
        monkeypatch.setattr(machine_code, "_pool", lambda _: pool)
        with pytest.raises(KeyboardInterrupt):
            machine_code.run("", 2, [])
        assert ended == [1]


def test_a_fork_without_gnu_openmp_gets_threads_of_its_own():
    code = """if 1:
        import os, signal, torch
        from labkit.execution import kernels, machine_code
        machine_code._gomp_parallel = lambda: None
        torch.set_num_threads(2)
        x, matrix = torch.randn(3000, 64), kernels.kept(torch.eye(64))
        for _ in range(50):  # until both threads have begun
            kernels.kernel_product(x, matrix, None)
        child = os.fork()
        if not child:
            signal.alarm(40)
            os._exit(kernels.kernel_product(x, matrix, None).tolist() != x.tolist())
        assert os.waitpid(child, 0)[1] == 0
    """
    in_process(code)


def test_two_threads_may_call_at_once():
    cases = [case(150, 64, 50, 0.2, seed) for seed in range(4)]
    wrong = []

    def work(x, weight, bias):
        matrix = kernels.kept(weight)
        for _ in range(50):
            y = kernels.kernel_product(x, matrix, bias)
            if not np.allclose(y.numpy(), expected(x, weight, bias), atol=1e-5):
                wrong.append(y)

    workers = [threading.Thread(target=work, args=one) for one in cases]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def in_process(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )


def test_where_numba_is_missing_csr_serves_and_the_doctor_says_so():
    code = """if 1:
        import sys
        sys.modules["numba"] = None
        import torch
        from torch import nn
        from labkit.cli import doctor
        from labkit.execution import sparse_layers
        layer = nn.Linear(20, 30)
        sparse = sparse_layers.SparseLinear(layer)
        x = torch.randn(4, 5, 20)
        with torch.no_grad():
            assert torch.allclose(sparse(x), layer(x), atol=1e-5)
        finding = {f.what: f for f in doctor.examine(network=False)}["sparse kernel"]
        print(finding.state, finding.found)
    """
    out = in_process(code).stdout
    assert out.startswith("warn ")
    assert "numba" in out
    assert "CSR" in out


@pytest.mark.slow
def test_code_that_several_processes_have_compiled_is_right_in_another(tmp_path):
    compiles = """if 1:
        from labkit.execution import machine_code
        assert machine_code.problem("labkit.execution.{}") == ""
    """
    # Less optimised code is compiled sooner, and its names are made in the same way.
    given = {"NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_OPT": "1"}
    for loops in ("panel_loops", "feed_forward_loops"):  # each alone, as programs happen to do
        in_process(compiles.format(loops), **given)
    runs = """if 1:
        import torch
        from labkit.execution import feed_forward, kernels
        first, second = (kernels.kept(torch.eye(70)[:n, :m]) for n, m in ((40, 70), (30, 40)))
        x, how = torch.randn(150, 70).bfloat16(), {"narrow": True, "dtype": torch.bfloat16}
        kernels.kernel_product(x, first, None, **how)
        found = feed_forward.product(x, first, second, (None, None), "", 64, **how)
        assert torch.equal(found, x[:, :30]), found
    """
    in_process(runs, **given)


@pytest.mark.full
def test_where_no_cache_can_be_written_the_kernel_is_compiled_anew(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    only = {"NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator"}  # no __pycache__ instead
    code = """if 1:
        import torch
        from labkit.execution import kernels, machine_code
        assert kernels.problem() == "", kernels.problem()
        weight = torch.eye(3)
        x = torch.randn(5, 3)
        assert torch.equal(kernels.kernel_product(x, kernels.kept(weight), None), x)
        print(machine_code.compiled(kernels.LOOPS).cached)
    """
    out = in_process(code, NUMBA_CACHE_DIR=str(tmp_path / "file" / "cache"), **only)
    assert out.stdout.strip() == "False"
    assert out.stderr in ("", "labkit: compiling the sparse kernel, once (some seconds)\n")
