"""Bytes of a model: in memory, on disk, compressed, and in sparse forms."""

from __future__ import annotations

import math
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.errors import SourceError
from labkit.files import disk_errors
from labkit.models import float8
from labkit.models.own_settings import no_own_settings
from labkit.models.prunable import check_values, prunable_layers
from labkit.models.same_memory import distinct

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class ModelSize:
    """Bytes of a model in several forms; counts are of weights, tied ones once.

    `memory_bytes` are parameters and buffers in memory, `file_bytes` the dense safetensors file,
    `zstd_bytes` the same file compressed.  `csr_bytes` and `bitmask_bytes` store the prunable
    matrices in that form (values in the model's dtype; CSR with 32-bit columns and row starts,
    the bit mask with one bit a weight) and the rest dense.  `entropy_bytes` takes the fewest bits
    for the mask, n H(s), which no lossless code of a random mask beats on average, with the kept
    values and the rest stored as they are.  It is no bound on compressing the values: trained
    floats shrink a little too, so that `zstd_bytes` can lie below it.
    """

    parameters: int
    prunable: int
    nonzero: int
    prunable_nonzero: int
    memory_bytes: int
    file_bytes: int
    zstd_bytes: int
    csr_bytes: int
    bitmask_bytes: int
    entropy_bytes: int

    def row(self) -> dict[str, int]:
        """The fields as one flat row of a table."""
        return asdict(self)


def measure_size(model: PreTrainedModel) -> ModelSize:
    """Measure the size of `model` in memory, on disk, and in sparse forms.

    The dense file is really written (to a temporary folder, about the size of the model) and
    compressed with zstandard at its default level; sparse forms are counted from the zeros.

    Raises:
        InputError: nothing to prune, or weights without values (on the device "meta").
        SourceError: no room for the temporary file.
    """
    parameters = distinct(model)
    tensors = [*parameters, *model.buffers()]
    layers = prunable_layers(model)
    kept = dense = csr = mask = total = 0
    entropy = 0.0
    for layer in layers:
        weight = layer.weight
        check_values(layer.name, weight)
        count, nonzero, item = weight.numel(), float8.nonzero(weight), weight.itemsize
        rows = weight.shape[1] if layer.transposed else weight.shape[0]
        kept += nonzero
        total += count
        dense += count * item
        csr += nonzero * (item + 4) + 4 * (rows + 1)
        mask += nonzero * item + math.ceil(count / 8)
        entropy += nonzero * item
    memory = sum(t.numel() * t.itemsize for t in tensors)
    file_bytes, zstd_bytes = file_sizes(model)
    rest = file_bytes - dense
    return ModelSize(
        parameters=sum(p.numel() for p in parameters),
        prunable=total,
        nonzero=sum(float8.nonzero(p) for p in parameters),
        prunable_nonzero=kept,
        memory_bytes=memory,
        file_bytes=file_bytes,
        zstd_bytes=zstd_bytes,
        csr_bytes=rest + csr,
        bitmask_bytes=rest + mask,
        entropy_bytes=rest + math.ceil(entropy + total * binary_entropy(kept / total) / 8),
    )


def binary_entropy(share: float) -> float:
    """Entropy in bits of a coin that shows heads with probability `share` (0 to 1)."""
    if share in (0.0, 1.0):
        return 0.0
    return -share * math.log2(share) - (1 - share) * math.log2(1 - share)


def file_sizes(model: PreTrainedModel, codec: str = "zstd") -> tuple[int, int]:
    """Bytes of the checkpoint's weights on disk: (dense, compressed by zstd or gzip).

    Raises:
        SourceError: no room for the temporary file.
    """
    import pyarrow as pa

    from labkit.models.quiet import quiet

    compressed = _Counter()
    dense = 0
    try:
        with tempfile.TemporaryDirectory(prefix="labkit-") as folder:
            with quiet(), no_own_settings(model), disk_errors():
                model.save_pretrained(folder)
            for file in sorted(Path(folder).glob("*.safetensors")):
                dense += file.stat().st_size
                with (
                    pa.CompressedOutputStream(pa.PythonFile(compressed, "w"), codec) as stream,
                    file.open("rb") as source,
                ):
                    while chunk := source.read(1 << 24):
                        stream.write(chunk)
    except OSError as error:
        raise SourceError(
            f"cannot write a temporary copy of the model: {error}. "
            "Free space in the temporary folder, or point TMPDIR at another."
        ) from error
    return dense, compressed.bytes


class _Counter:
    """A file that only counts what is written to it."""

    closed = False

    def __init__(self) -> None:
        self.bytes = 0

    def write(self, data: bytes) -> int:
        self.bytes += len(data)
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True
