"""Instruction sets: as the system itself lists them, and as other machines report them."""

from pathlib import Path

import pytest

from labkit.execution.processor import instruction_sets, instruction_sets_text

X86 = {"architecture": "x86_64", "avx2": True}
AVX512 = dict.fromkeys(("avx512_f", "avx512_bw", "avx512_dq", "avx512_vl"), True)
AMX = dict.fromkeys(("amx_tile", "amx_int8", "amx_bf16"), True)

NAMES_IN_LINUX = {
    "AVX2": {"avx2"},
    "AVX-512": {"avx512f", "avx512bw", "avx512dq", "avx512vl"},
    "VNNI": {"avx512_vnni"},
    "AVX-VNNI": {"avx_vnni"},
    "AVX-512-BF16": {"avx512_bf16"},
    "AMX": {"amx_tile", "amx_int8", "amx_bf16"},
}


def test_they_are_those_that_linux_lists():
    info = Path("/proc/cpuinfo")
    flags = info.read_text().partition("\nflags")[2].partition("\n")[0] if info.exists() else ""
    if not flags:
        pytest.skip("no list of flags of an x86 processor on this system")
    listed = set(flags.split())
    assert instruction_sets() == tuple(n for n, f in NAMES_IN_LINUX.items() if f <= listed)


@pytest.mark.parametrize(
    ("reported", "text"),
    [
        (X86, "AVX2; no AVX-512, VNNI or AMX"),
        (X86 | AVX512, "AVX2, AVX-512; no VNNI or AMX"),
        (X86 | {"avx512_f": True}, "AVX2; no AVX-512, VNNI or AMX"),  # a part is not the whole
        (X86 | AVX512 | {"avx512_vnni": True}, "AVX2, AVX-512, VNNI; no AMX"),
        (X86 | AVX512 | AMX | {"avx512_vnni": True}, "AVX2, AVX-512, VNNI, AMX"),
        ({"architecture": "aarch64", "neon": True, "dot": True}, "NEON, dot product"),
        ({"architecture": "arm64"}, "no vector instructions that are known here"),
    ],
)
def test_other_machines_in_words(reported, text):
    assert instruction_sets_text(reported) == text
