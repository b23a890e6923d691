# %% [markdown] overview="size"
# # Lab: size and runtime
#
# A weight that is zero takes as many bytes as any other, until a format leaves it out.
#
# **You will learn** to store a sparse weight in fewer bytes and to count when it pays.
#
# **You need** this notebook and `labkit` installed; no network and no GPU.
#
# **How it works.** Fill in the cell of each exercise and run the check below it as often as you
# like. It tries your function on several inputs, prints a line for each property, and says what
# to read where it recognises the mistake. Grading runs the same check on other inputs.

# %%
import math

import matplotlib.pyplot as plt
import torch

from labkit import checks

# %% [markdown] exercise="size.bitmask"
# The cheapest way to say which weights are zero takes one bit per weight, eight of them in a byte.
# The weights that are not zero follow in order, and the zeros need no room at all.
#
# **By hand.** Take ten weights, which need two bytes. The first weight of a byte has the bit of
# value 1, the next that of value 2, and so on up to 128:
#
# | flat index | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |
# |:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
# | w | 0 | 0.5 | -1 | 0 | -0.0 | 0 | 0 | 2 | 0 | 3 |
# | byte | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 1 | 1 |
# | value of the bit | 1 | 2 | 4 | 8 | 16 | 32 | 64 | 128 | 1 | 2 |
# | bit | 0 | 1 | 1 | 0 | 0 | 0 | 0 | 1 | 0 | 1 |
#
# Byte 0 is 2 + 4 + 128 = 134 and byte 1 is 2; the values are 0.5, -1, 2, 3. In float32 the ten
# weights take 40 bytes, packed 2 + 16.


# %% answer="size.bitmask"
def pack(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The weight as a bit mask and the values that are not zero.

    weight: tensor of any shape (also without entries) and strides, float32, float16 or bfloat16;
    must not be changed.

    Returns (bits, values). With n = weight.numel(), `bits` is a uint8 tensor of shape
    (ceil(n / 8),): bit i of byte j, least significant bit first (value 2**i), is 1 where flat
    entry 8 * j + i (row by row) is not zero; bits left over in the last byte are 0. `values` is a
    tensor of one dimension with the entries that are not zero, in flat order, unchanged and of
    the dtype of `weight`. -0.0 counts as zero; a small weight does not.
    """
    ### BEGIN SOLUTION
    flat = weight.flatten()
    kept = flat != 0
    flags = torch.zeros(math.ceil(len(flat) / 8) * 8, dtype=torch.int64)
    flags[: len(flat)] = kept
    bits = (flags.reshape(-1, 8) * 2 ** torch.arange(8)).sum(dim=1)
    return bits.to(torch.uint8), flat[kept]
    ### END SOLUTION


# %% check="size.bitmask"
checks.check("size.bitmask", pack)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Begin with a flat mask that is True where a weight is not zero. It gives the values at once;
# what is left is to put eight flags into each byte.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# Either fill the mask up with zeros to a multiple of 8, so that it can be reshaped to rows of
# eight, or use `numpy.packbits` and read what its argument `bitorder` means.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. `flat = weight.flatten()` and `kept = flat != 0`
# 2. a tensor of zeros with `math.ceil(n / 8) * 8` entries; copy `kept` to its start
# 3. reshape it to (-1, 8), multiply by 1, 2, 4, ..., 128 and add up each row
# 4. convert to `torch.uint8`; the values are `flat[kept]`
#
# </details>

# %% grade="size.bitmask"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("size.bitmask", globals().get("pack"), seed=seed)

# %% [markdown]
# ### What you built
# The picture shows the bytes of your two tensors for one matrix at different sparsities. The mask
# costs the same at each of them, and more beside small values than beside large ones.

# %%
if checks.works("size.bitmask", pack):
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    sparsities = [step / 20 for step in range(21)]
    for dtype in (torch.float32, torch.float16):
        weight = torch.randn(64, 256, generator=torch.Generator().manual_seed(0)).to(dtype)
        order = weight.abs().flatten().argsort()
        shares = []
        for sparsity in sparsities:
            pruned = weight.flatten().clone()
            pruned[order[: round(sparsity * len(pruned))]] = 0
            shares.append(sum(part.nbytes for part in pack(pruned)) / weight.nbytes)
        axes.plot(sparsities, shares, marker=".", label=str(dtype).removeprefix("torch."))
    axes.axhline(1, color="0.5", linestyle=":", label="dense")
    axes.set(title="A weight behind a bit mask", xlabel="sparsity", ylabel="bytes / dense bytes")
    axes.legend()
    plt.show()
