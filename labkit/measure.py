"""Measure what pruning is hoped to save: bytes and time."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.errors import InputError, SourceError
from labkit.files import disk_errors
from labkit.layers import prunable_layers
from labkit.masks import check_values

if TYPE_CHECKING:
    import torch
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
    parameters = list(model.parameters())
    tensors = [*parameters, *model.buffers()]
    layers = prunable_layers(model)
    kept = dense = csr = mask = total = 0
    entropy = 0.0
    for layer in layers:
        weight = layer.weight
        check_values(layer.name, weight)
        count, nonzero, item = weight.numel(), int(weight.count_nonzero()), weight.itemsize
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
        nonzero=sum(int(p.count_nonzero()) for p in parameters),
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

    from labkit.models import quiet

    compressed = _Counter()
    dense = 0
    try:
        with tempfile.TemporaryDirectory(prefix="labkit-") as folder:
            with quiet(), disk_errors():
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


@dataclass(frozen=True)
class Runtime:
    """Seconds of single forward passes, after warm-up, under stated conditions."""

    seconds: tuple[float, ...]
    batch_size: int
    length: int
    threads: int
    device: str

    @property
    def median(self) -> float:
        """Median seconds of a forward pass."""
        return self._quantile(0.5)

    @property
    def spread(self) -> tuple[float, float]:
        """First and third quartile, in seconds."""
        return self._quantile(0.25), self._quantile(0.75)

    def row(self) -> dict[str, float | int | str]:
        """The figures as one flat row of a table."""
        low, high = self.spread
        return {
            "runtime_median": self.median,
            "runtime_q25": low,
            "runtime_q75": high,
            "runtime_repeats": len(self.seconds),
            "runtime_batch": self.batch_size,
            "runtime_length": self.length,
            "runtime_threads": self.threads,
            "runtime_device": self.device,
        }

    def _quantile(self, share: float) -> float:
        import numpy as np

        return float(np.quantile(self.seconds, share))


def measure_runtime(
    model: PreTrainedModel,
    *,
    batch_size: int = 8,
    length: int = 64,
    repeats: int = 11,
    warmup: int = 3,
    threads: int | None = None,
    seed: int = 0,
) -> Runtime:
    """Time forward passes of `model` on random tokens without padding.

    Args:
        model: a sequence classifier; it runs on the device it is on, in evaluation mode for the
            time.
        batch_size: sequences per pass.
        length: tokens per sequence.
        repeats: timed passes, at least 1.
        warmup: passes before, not counted; at least 0.
        threads: of torch for the time of the measurement; default: as set.
        seed: of the tokens.

    Raises:
        InputError: an argument below the least it may be, or more tokens than the model has
            positions for.
    """
    import torch

    arguments = {"batch_size": batch_size, "length": length, "repeats": repeats}
    arguments |= {"threads": 1 if threads is None else threads, "warmup": warmup}
    for name, value in arguments.items():
        if value < (least := int(name != "warmup")):
            raise InputError(f"{name} is {value}; it must be at least {least}")
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions and length > positions - 2:
        raise InputError(
            f"length {length} is too long: the model has {positions} positions "
            f"(choose at most {positions - 2})"
        )
    inputs = _random_inputs(model, batch_size, length, seed)
    seconds, training = [], model.training
    model.eval()  # dropout takes time, and no prediction is made with it
    try:
        with torch.inference_mode(), _threads(threads):
            used = torch.get_num_threads()
            for number in range(warmup + repeats):
                _synchronise(model.device)
                start = time.perf_counter()
                model(**inputs)
                _synchronise(model.device)
                if number >= warmup:
                    seconds.append(time.perf_counter() - start)
    finally:
        model.train(training)
    return Runtime(tuple(seconds), batch_size, length, used, model.device.type)


def _random_inputs(
    model: PreTrainedModel, batch_size: int, length: int, seed: int
) -> dict[str, torch.Tensor]:
    import torch

    config = model.config
    generator = torch.Generator().manual_seed(seed)
    # The special tokens of all three families lie at the ends of the vocabulary.
    tokens = torch.randint(5, config.vocab_size - 5, (batch_size, length), generator=generator)
    if config.is_encoder_decoder:  # classifiers of this family pool the end token
        tokens[:, -1] = config.eos_token_id
    tokens = tokens.to(model.device)
    return {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}


def _synchronise(device: torch.device) -> None:
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(before if count is None else count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
