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

# %% [markdown] exercise="size.break_even"
# CSR (compressed sparse row) stores the kept weights row by row, the column of each, and where
# each row starts. There are rows + 1 starts, because the last one says where the last row ends.
# All this is extra: a matrix with few zeros takes more bytes in CSR than without it. From which
# sparsity on is it smaller?
#
# **By hand.** Take a matrix of 4 x 10 weights with 4 bytes for a value, 2 for a column and 4 for a
# start. The starts take (4 + 1) * 4 = 20 bytes.
#
# | sparsity | kept | values | columns | starts | CSR | dense |
# |--:|--:|--:|--:|--:|--:|--:|
# | 0 | 40 | 160 | 80 | 20 | 260 | 160 |
# | 0.25 | 30 | 120 | 60 | 20 | 200 | 160 |
# | 0.5 | 20 | 80 | 40 | 20 | 140 | 160 |
# | 0.75 | 10 | 40 | 20 | 20 | 80 | 160 |
#
# The two meet between 0.25 and 0.5. With 6 bytes for a kept weight, 140 bytes are left beside
# the starts for 140 / 6 weights, which is a sparsity of 1 - 140 / 6 / 40 = 0.41667.


# %% answer="size.break_even"
def csr_break_even(
    rows: int, columns: int, value_bytes: float, column_bytes: float, start_bytes: float
) -> float:
    """Sparsity above which CSR takes fewer bytes than the dense matrix.

    rows, columns: the shape of the matrix; either may be 0.
    value_bytes: bytes of one value, more than 0, in CSR and in the dense matrix alike; may be a
    fraction, as 0.5 for values of 4 bits.
    column_bytes, start_bytes: bytes of one column index and of one row start; may be 0.

    CSR stores the value and the column index of each kept weight and rows + 1 row starts; the
    dense matrix stores rows * columns values. At sparsity s, (1 - s) * rows * columns weights are
    kept, not rounded. Returns the sparsity at which both take the same number of bytes, clamped
    to 0..1: 1.0 where CSR never takes fewer bytes, also where rows or columns is 0.
    """
    ### BEGIN SOLUTION
    weights = rows * columns
    if weights == 0:
        return 1.0
    starts = (rows + 1) * start_bytes
    left = weights * value_bytes - starts
    kept = left / (value_bytes + column_bytes)
    return min(1.0, max(0.0, 1 - kept / weights))
    ### END SOLUTION


# %% check="size.break_even"
checks.check("size.break_even", csr_break_even)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Write down the bytes of both forms. One grows with the number of kept weights and the other does
# not depend on it. How many weights may be kept until they are equal?
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# Solve `kept * (value_bytes + column_bytes) + (rows + 1) * start_bytes = rows * columns *
# value_bytes` for `kept`. `min` and `max` clamp a number.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. return 1.0 if there are no weights
# 2. from the bytes of the dense matrix subtract those of the row starts
# 3. divide by the bytes of one kept weight: the number of weights that may be kept
# 4. the sparsity is 1 minus their share; clamp it to 0..1
#
# </details>

# %% grade="size.break_even"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("size.break_even", globals().get("csr_break_even"), seed=seed)

# %% [markdown]
# ### What you built
# The picture shows where CSR breaks even in a matrix of 768 rows, for values of different sizes.
# The smaller the values, the more the indices weigh; short rows pay for their starts.

# %%
if checks.works("size.break_even", csr_break_even):
    widths = [2**power for power in range(13)]
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    for value_bytes in (4, 2, 1):
        points = [csr_break_even(768, width, value_bytes, 4, 4) for width in widths]
        axes.plot(widths, points, marker=".", label=f"{8 * value_bytes}-bit values")
    axes.set_xscale("log", base=2)
    axes.set(title="CSR is smaller above the line", xlabel="columns", ylabel="sparsity")
    axes.legend()
    plt.show()
