import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.pruning import key_passes, thresholds

FLOATS = {"F16": np.float16, "F32": np.float32, "F64": np.float64}


def patterns(form, values):
    """Bit patterns of numbers in a format; bfloat16 by cutting float32."""
    if form == "BF16":
        return (np.asarray(values, np.float32).view(np.uint32) >> 16).astype(np.uint16)
    return np.asarray(values, FLOATS[form]).view(thresholds.FORMATS[form].bits)


def counting(bits, form, passes=None):
    def count(brackets):
        if passes is not None:
            passes.append(brackets)
        counter = key_passes.Counter(form, brackets)
        for part in np.array_split(bits, 3):
            counter.add(np.ascontiguousarray(part))
        return counter.tally()

    return count


def dropped(cut, keys):
    """Flat positions that a cut drops, by its definition."""
    ties = np.flatnonzero(keys == cut.key)[: cut.ties]
    return set(np.flatnonzero(keys < cut.key)) | set(ties)


@given(
    st.sampled_from(sorted(thresholds.FORMATS)),
    st.lists(st.floats(-8, 8, width=16) | st.sampled_from((0.0, -0.0, 1.0)), min_size=1),
    st.data(),
)
@settings(max_examples=60, deadline=None)
def test_cuts_are_those_of_a_stable_sort_whatever_was_guessed(name, values, data):
    form = thresholds.FORMATS[name]
    bits = patterns(name, values)
    keys = bits & form.bits(form.magnitude)
    order = np.argsort(keys, kind="stable")
    ranks = data.draw(st.lists(st.integers(0, len(bits)), min_size=1, max_size=3))
    limit = st.integers(0, form.infinity - 1)
    pairs = [sorted((data.draw(limit), data.draw(limit))) for _ in ranks]
    wrong = [thresholds.Bracket(low, high + 1) for low, high in pairs]
    for guesses in (None, wrong):
        cuts = thresholds.thresholds(counting(bits, form), form.infinity, ranks, guesses)
        for rank, cut in zip(ranks, cuts, strict=True):
            assert dropped(cut, keys) == set(order[:rank])
        assert cuts == thresholds.sorted_thresholds(keys, ranks)


@pytest.mark.parametrize("name", thresholds.FORMATS)
def test_a_sample_saves_passes(name):
    form = thresholds.FORMATS[name]
    rng = np.random.default_rng(0)
    bits = patterns(name, rng.standard_normal(400_000) * 0.02)
    shares = (0.1, 0.5, 0.9, 0.95, 0.99)
    ranks = [round(share * len(bits)) for share in shares]
    plain = []
    cuts = thresholds.thresholds(counting(bits, form, plain), form.infinity, ranks)
    for sample in (thresholds.sample_of(bits, len(bits)), bits):  # of many weights it is as large
        sampled, guesses = [], thresholds.guess(sample, form, shares)
        count = counting(bits, form, sampled)
        assert cuts == thresholds.thresholds(count, form.infinity, ranks, guesses)
        assert len(sampled) <= len(plain)
    brackets = [sum(map(len, passes)) for passes in (sampled, plain)]
    if name in ("F16", "BF16"):  # counted in one pass whatever is guessed
        assert brackets == [len(ranks)] * 2
    else:
        assert brackets[0] < brackets[1]
    keys = np.sort(bits & form.bits(form.magnitude))
    for cut, rank in zip(cuts, ranks, strict=True):
        below = np.searchsorted(keys, form.bits(cut.key))
        assert below + cut.ties == rank


@given(
    st.sampled_from(sorted(thresholds.FORMATS)),
    st.lists(st.floats(-8, 8, width=16) | st.sampled_from((0.0, 1.0)), min_size=1, max_size=60),
    st.data(),
)
@settings(max_examples=60, deadline=None)
def test_single_keys_are_found_at_their_places(name, values, data):
    keys = patterns(name, values) & thresholds.FORMATS[name].bits(
        thresholds.FORMATS[name].magnitude
    )
    places = data.draw(st.lists(st.integers(0, len(keys) - 1), max_size=5))
    found = thresholds._ordered(keys, places)
    assert found == {place: int(np.sort(keys)[place]) for place in places}


@given(st.sampled_from(sorted(thresholds.FORMATS)), st.data())
@settings(max_examples=40, deadline=None)
def test_brackets_in_any_order_that_overlap_are_counted_each_by_itself(name, data):
    form = thresholds.FORMATS[name]
    numbers = st.integers(0, 2**32)
    bits = patterns(name, np.random.default_rng(data.draw(numbers)).standard_normal(3000))
    some = st.sampled_from((bits & form.bits(form.magnitude)).tolist())
    pairs = data.draw(st.lists(st.tuples(some, some).map(sorted), max_size=13))
    brackets = [thresholds.Bracket(low, high + 1) for low, high in pairs]
    counter = key_passes.Counter(form, brackets)
    counter.add(bits)
    tally, keys = counter.tally(), (bits & form.bits(form.magnitude)).astype(object)
    assert tally.below.tolist() == [int((keys < b.low).sum()) for b in brackets]
    for bracket, row in zip(brackets, tally.inside, strict=True):
        inside = keys[(keys >= bracket.low) & (keys < bracket.high)] - bracket.low
        bins = (inside.astype(np.int64) >> bracket.shift) if len(inside) else []
        assert np.array_equal(row, np.bincount(np.asarray(bins, int), minlength=len(row)))


@given(
    st.sampled_from(sorted(thresholds.FORMATS)),
    *(st.integers(0, n) for n in (300, 40, 40)),
    st.integers(0, 99),
)
@settings(max_examples=80, deadline=None)
def test_cutting_past_the_caches_writes_the_same(name, size, before, skipped, seed):
    form = thresholds.FORMATS[name]
    values = np.random.default_rng(seed).integers(-3, 4, skipped + size)
    bits = patterns(name, values)[skipped:]
    key = int(patterns(name, [seed % 4])[0])
    around = np.full(before + size + 40, 7, form.bits)
    out, expected = around[before : before + size], np.empty_like(bits)
    counts = key_passes.cut(bits, form, key, out, streaming=True)
    assert counts == key_passes.cut(bits, form, key, expected)
    assert np.array_equal(out, expected)
    assert (around[:before] == 7).all() and (around[before + size :] == 7).all()


def test_a_sample_takes_turns_in_the_columns():
    wide = np.tile(np.arange(768, dtype=np.uint32), 2000)
    sample = thresholds.sample_of(wide, len(wide))
    assert len(np.unique(sample)) == 768
    assert thresholds.guess(sample[:100], thresholds.FORMATS["F32"], [0.5]) is None


@pytest.mark.parametrize("name", thresholds.FORMATS)
@pytest.mark.parametrize("size", [0, 1, key_passes._CHUNK + 5])
def test_compiled_and_plain_loops_agree(name, size, monkeypatch):
    form = thresholds.FORMATS[name]
    compiled = key_passes.loops(form.bits)
    assert compiled.name == "numba"
    values = np.random.default_rng(1).standard_normal(size)
    values[size // 2 : size // 2 + 1] = np.nan
    bits = patterns(name, values)
    key = int(patterns(name, [1.0])[0])
    brackets = [
        thresholds.Bracket(0, key),
        thresholds.Bracket(key, form.infinity),
        thresholds.Bracket(key, key + 1),
        *(thresholds.Bracket(key - 9 * n, key - 9 * n + 5) for n in range(1, 6)),
    ]
    found = []
    cuts = key_passes._cut, key_passes._cut
    plain = key_passes.Loops("numpy", key_passes._tally, key_passes._histogram, *cuts)
    for loops in (compiled, plain):
        monkeypatch.setattr(key_passes, "loops", lambda _, loops=loops: loops)
        counter = key_passes.Counter(form, brackets)
        counter.add(bits)
        alone = [key_passes.Counter(form, [bracket]) for bracket in brackets]  # another loop
        for j, one in enumerate(alone):
            one.add(bits)
            assert one.tally().below == counter.tally().below[j]
            assert one.tally().inside.sum() == counter.tally().inside[j].sum()
            assert one.tally().invalid == counter.tally().invalid
        kept, zeroed, copied = np.empty(size, np.bool_), bits.copy(), np.empty_like(bits)
        counts = key_passes.cut(bits, form, key, kept), key_passes.cut(zeroed, form, key)
        assert key_passes.cut(bits, form, key, copied) == counts[1]
        assert np.array_equal(copied, zeroed)
        found.append((counter.tally(), kept, zeroed, counts))
    (one, kept, zeroed, counts), (other, *rest) = found
    assert one.invalid == other.invalid == min(size, 1)
    assert np.array_equal(one.below, other.below) and np.array_equal(one.inside, other.inside)
    assert np.array_equal(kept, rest[0]) and np.array_equal(zeroed, rest[1]) and counts == rest[2]
    assert np.array_equal(kept, np.abs(np.nan_to_num(values, nan=9)) >= 1) or name != "F64"


LOOPS = """
import numpy as np
from labkit.pruning import key_passes
print(key_passes.loops(np.uint32).name)
"""


def python(code, **environment):
    command = [sys.executable, "-c", code]
    environment = {**os.environ, **environment}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


def test_without_numba_plain_numpy_serves():
    code = "import sys; sys.modules['numba'] = None\n"
    code += LOOPS
    assert python(code).stdout.strip() == "numpy"


def test_a_compiler_that_fails_is_replaced_too():
    code = "import numba; numba.config.CPU_NAME = 'no-such-cpu'; numba.njit = None\n"
    code += LOOPS
    assert python(code).stdout.strip() == "numpy"


def test_no_folder_for_compiled_code_is_no_obstacle(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")  # a file where a folder is needed stops root as well
    assert python(LOOPS, NUMBA_CACHE_DIR=str(blocked / "cache")).stdout.strip() == "numba"
