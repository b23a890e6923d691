import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import labkit
from labkit.storage import chunks

DTYPES = (np.uint8, np.uint16, np.uint32, np.uint64)


def unpack(data, count, dtype, scatter=None):
    out = np.zeros(count, dtype)
    chunks.decode_chunk(np.frombuffer(data, np.uint8), out, scatter)
    return out


def random_bits(rng, count, sparsity, dtype):
    bits = rng.integers(1, np.iinfo(dtype).max, count, dtype=dtype, endpoint=True)
    bits[rng.random(count) < sparsity] = 0
    return bits


def both_ways(dtype):
    """numpy's way, and numba's where it compiles."""
    ways = [None]
    compiled = chunks.compiled_scatter(np.dtype(dtype))
    assert compiled is not chunks._scatter, "numba is a dependency: it should compile here"
    return [*ways, compiled]


@given(
    hnp.arrays(
        st.sampled_from(DTYPES),
        st.integers(0, 300),
        elements=st.integers(0, 255),
        fill=st.just(0),
    )
)
@settings(deadline=None, max_examples=40)
def test_any_bits_come_back(bits):
    data = chunks.encode_chunk(bits)
    assert chunks.chunk_bytes(np.frombuffer(data + b"rest", np.uint8), bits.itemsize) == len(data)
    for scatter in both_ways(bits.dtype):
        np.testing.assert_array_equal(unpack(data, len(bits), bits.dtype, scatter), bits)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sparsity", [0, 0.1, 0.5, 0.9, 0.95, 0.99, 0.9999, 1])
def test_random_masks_take_hardly_more_than_their_entropy(dtype, sparsity):
    count = 1 << 18
    bits = random_bits(np.random.default_rng(1), count, sparsity, dtype)
    data = chunks.encode_chunk(bits)
    for scatter in both_ways(dtype):
        np.testing.assert_array_equal(unpack(data, count, dtype, scatter), bits)
    kept = np.count_nonzero(bits) / count
    mask = count * scipy.stats.entropy([kept, 1 - kept], base=2) / 8
    values = kept * count * bits.itemsize
    # Where more is kept than not, the code is the plain bit mask.
    assert len(data) - values <= (1.05 * mask if kept <= 0.5 else count / 8) + 64


def test_masks_with_a_pattern_take_less_than_their_bits():
    count = 1 << 18
    pattern = np.tile(np.array([3, 0, 0, 5], np.uint16), count // 4)
    rows = np.repeat(np.arange(count // 1024) % 3 == 0, 1024) * np.uint16(7)
    for bits in (pattern, rows):
        data = chunks.encode_chunk(bits)
        np.testing.assert_array_equal(unpack(data, count, np.uint16), bits)
        assert len(data) < count / 8 / 10


@pytest.mark.parametrize("places", [[0], [chunks.CHUNK - 1], [0, chunks.CHUNK - 1], [5, 6, 7]])
def test_lonely_entries_of_a_full_chunk(places):
    bits = np.zeros(chunks.CHUNK, np.uint32)
    bits[places] = 0x80000000
    data = chunks.encode_chunk(bits)
    assert len(data) < 100
    for scatter in both_ways(np.uint32):
        np.testing.assert_array_equal(unpack(data, len(bits), np.uint32, scatter), bits)


@pytest.mark.parametrize("sparsity", [0.2, 0.95])
def test_every_changed_byte_and_every_cut_is_found(sparsity):
    data = chunks.encode_chunk(random_bits(np.random.default_rng(2), 500, sparsity, np.uint16))
    for place in range(len(data)):
        for change in (1, 0x80, 0xFF):
            broken = bytearray(data)
            broken[place] ^= change
            with pytest.raises(ValueError):
                length = chunks.chunk_bytes(np.frombuffer(broken, np.uint8), 2)
                unpack(broken[:length], 500, np.uint16)
        with pytest.raises(ValueError, match="cut off"):
            chunks.chunk_bytes(np.frombuffer(data[:place], np.uint8), 2)


def forged(bits, **numbers):
    """A chunk with other numbers in it and the right checksum."""
    import xxhash

    words = np.frombuffer(chunks.encode_chunk(bits), np.uint8).copy()
    for name, value in numbers.items():
        place = {"kept": 4, "unary": 8, "k": 12}[name]
        words[place : place + 4] = np.frombuffer(np.uint32(value).tobytes(), np.uint8)
    digest = xxhash.xxh3_64_digest(words[4:])  # big-endian
    words[:4] = np.frombuffer(digest[:3:-1], np.uint8)
    return words.tobytes()


@pytest.mark.parametrize(
    "numbers",
    [{"kept": 101}, {"kept": 2**32 - 1}, {"unary": 2**31}, {"k": 2**31}, {"k": 5}, {"unary": 1}],
)
def test_numbers_that_contradict_each_other_write_nothing_outside(numbers):
    bits = random_bits(np.random.default_rng(3), 100, 0.9, np.uint32)
    for scatter in both_ways(np.uint32):
        memory = np.zeros(300, np.uint32)
        with pytest.raises(ValueError):
            chunks.decode_chunk(
                np.frombuffer(forged(bits, **numbers), np.uint8), memory[100:200], scatter
            )
        assert not memory[:100].any() and not memory[200:].any()


def test_a_mask_of_a_longer_tensor_is_refused():
    data = chunks.encode_chunk(random_bits(np.random.default_rng(4), 1000, 0.5, np.uint32))
    for scatter in both_ways(np.uint32):
        with pytest.raises(ValueError):
            unpack(data, 990, np.uint32, scatter)


def test_the_worked_example_of_the_format():
    text = (Path(labkit.__file__).parent / "storage/FORMAT.md").read_text(encoding="utf-8")
    block = text.split("```")[1]
    stated = bytes.fromhex(" ".join(re.split(" {3,}", line)[0] for line in block.splitlines()))
    values = np.zeros(32, np.float16)
    values[[1, 11, 31]] = 1.0, -2.0, -0.0
    assert chunks.encode_chunk(values.view(np.uint16)) == stated


def test_without_numba_and_without_a_place_for_its_cache(tmp_path):
    code = (
        "import sys, numpy as np\n{}\n"
        "from labkit.storage import chunks as p\n"
        "bits = np.arange(1000, dtype=np.uint16) % 7\n"
        "scatter = p.compiled_scatter(bits.dtype)\n"
        "out = np.zeros_like(bits)\n"
        "p.decode_chunk(np.frombuffer(p.encode_chunk(bits), np.uint8), out, scatter)\n"
        "assert (out == bits).all()\n"
        "print(scatter is p._scatter)"
    )
    blocked = "sys.modules['numba'] = None"
    (tmp_path / "file").write_text("")
    nowhere = f"import os; os.environ['NUMBA_CACHE_DIR'] = {str(tmp_path / 'file' / 'x')!r}"
    for setup, numpy_only in ((blocked, "True"), (nowhere, "False")):
        run = subprocess.run(
            [sys.executable, "-c", code.format(setup)], capture_output=True, text=True
        )
        assert run.stdout.split() == [numpy_only], run.stderr
