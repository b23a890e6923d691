"""Time forward passes of a model, under stated conditions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.errors import InputError
from labkit.models.modes import in_mode
from labkit.models.start_token import start_token_needed
from labkit.models.without_cache import without_cache

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


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

    Decoders keep no keys and values meanwhile, which only writing text asks for.

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
        InputError: an argument below the least it may be, more tokens than the model has
            positions for, or an encoder-decoder that cannot start its decoder.
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
    inputs = random_inputs(model, batch_size, length, seed) | without_cache(model)
    seconds: list[float] = []
    still = in_mode(model, training=False)  # dropout takes time, and no prediction is made with it
    with still, torch.inference_mode(), _threads(threads), start_token_needed(model):
        used = torch.get_num_threads()
        for number in range(warmup + repeats):
            _synchronise(model.device)
            start = time.perf_counter()
            model(**inputs)
            _synchronise(model.device)
            if number >= warmup:
                seconds.append(time.perf_counter() - start)
    return Runtime(tuple(seconds), batch_size, length, used, model.device.type)


def random_inputs(
    model: PreTrainedModel, batch_size: int, length: int, seed: int
) -> dict[str, torch.Tensor]:
    """The random tokens that `measure_runtime` times a model on, without padding."""
    import torch

    config = model.config
    generator = torch.Generator().manual_seed(seed)
    # The special tokens of all three families lie at the ends of the vocabulary.
    tokens = torch.randint(5, config.vocab_size - 5, (batch_size, length), generator=generator)
    if config.is_encoder_decoder:  # classifiers of this family pool the end token
        tokens[:, -1] = config.eos_token_id
    tokens = tokens.to(model.device)
    found = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
    # A bare T5 shifts nothing: it wants the decoder's tokens too.
    if config.is_encoder_decoder and hasattr(model, "decoder"):
        found["decoder_input_ids"] = tokens
    return found


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
