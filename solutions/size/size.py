# %% [markdown] overview="size"
# # Lab: size and runtime
#
# Nine tenths of the weights are zero, and the file is as large and the model as slow as before.
# This lab counts what it costs to leave the zeros out, and measures whether that saves time.
#
# **You will learn** to store a matrix as its nonzero values and their places, in CSR and with a
# bit mask; to compute the entropy bound, below which no code of the places can go on average; to
# time a function so that the number means something; and to write a linear layer that multiplies
# from CSR.
#
# **You need** this notebook and `labkit` installed; PyTorch indexing and dtypes; logarithms; no
# network and no GPU.
#
# **How it works.** Fill in the cell of each exercise and run the check below it as often as you
# like. It tries your function on several inputs, prints a line for each property, and says what
# to read where it recognises the mistake. Grading runs the same check on other inputs. Write the
# formats yourself: calls into `scipy.sparse` or `labkit` earn no points.
#
# **Sparsity** is the fraction of zeros, from 0 to 1; a **mask** is True where a weight is kept.

# %%
import math

import matplotlib.pyplot as plt
import torch

from labkit import checks

# %% [markdown] exercise="size.csr"
# A format that leaves the zeros out has to say where the other weights stand. CSR (compressed
# sparse row) goes through the matrix row by row and stores the nonzero **values**, the **column**
# of each, and for each row the place in this list where it **starts**.
#
# **By hand.** A matrix of 3 rows and 4 columns:
#
# | row | column 0 | column 1 | column 2 | column 3 | values so far |
# |:--|--:|--:|--:|--:|--:|
# | 0 | 0 | 2 | 0 | -1 | 2 |
# | 1 | 0 | 0 | 0 | 0 | 2 |
# | 2 | 3 | 0 | 0 | -0.0 | 3 |
#
# The values are `[2, -1, 3]`, their columns `[1, 3, 0]`. Row 0 starts at 0, row 1 at 2 and row 2
# at 2 as well, because row 1 is empty. A last entry says where row 2 ends: the row starts are
# `[0, 2, 2, 3]`, one more than there are rows.


# %% answer="size.csr"
def to_csr(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A matrix as its nonzero values, their columns and the starts of its rows (CSR).

    weight: matrix of shape (rows, columns) with any strides, float32, float16 or bfloat16; must
    not be changed. Both sizes may be 0.

    Returns (values, columns, row_starts):
    values: the nonzero entries row by row, from left to right, in the dtype of `weight`. -0.0
    counts as zero; a tiny weight does not.
    columns: int32, the column of each value.
    row_starts: int64 of shape (rows + 1,). The values of row r are
    values[row_starts[r]:row_starts[r + 1]], so the first entry is 0 and the last is len(values).
    """
    ### BEGIN SOLUTION
    kept = weight != 0
    # nonzero() lists the places row by row, whatever the strides, as the mask lists the values.
    columns = kept.nonzero()[:, 1].to(torch.int32)
    row_starts = torch.zeros(len(weight) + 1, dtype=torch.int64)
    row_starts[1:] = kept.sum(dim=1).cumsum(dim=0)
    return weight[kept], columns, row_starts
    ### END SOLUTION


# %% check="size.csr"
checks.check("size.csr", to_csr)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# One mask, `weight != 0`, gives all three: the values that it selects, the columns where it is
# True, and how often it is True in each row.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `weight[mask]` and `mask.nonzero()` both go row by row. `sum(dim=1)` counts the True entries of
# each row, and `cumsum` adds them up.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. `mask = weight != 0`
# 2. values: `weight[mask]`; columns: the second column of `mask.nonzero()`, as int32
# 3. row starts: `rows + 1` zeros of int64; write the running sum of the counts from entry 1 on
#
# </details>

# %% grade="size.csr"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("size.csr", globals().get("to_csr"), seed=seed)

# %% [markdown]
# ### What you built
# A float32 value costs 4 bytes and its column 4 more. The picture shows from which sparsity on
# CSR takes fewer bytes than the matrix itself.

# %%
if checks.works("size.csr", to_csr):
    weight = torch.randn(256, 256, generator=torch.Generator().manual_seed(0))
    sparsities, sizes = [step / 20 for step in range(20)], []
    for sparsity in sparsities:
        pruned = weight * (weight.abs() >= weight.abs().quantile(sparsity))
        sizes.append(sum(part.numel() * part.element_size() for part in to_csr(pruned)))
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    axes.plot(sparsities, [size / 1024 for size in sizes], marker=".", label="CSR")
    axes.axhline(weight.numel() * weight.element_size() / 1024, color="0.5", label="dense")
    axes.set(title="Where CSR begins to pay", xlabel="sparsity", ylabel="KiB", ylim=(0, None))
    axes.legend()
    plt.show()

# %% [markdown] exercise="size.entropy"
# A bit mask spends 1 bit on each weight to say whether it is kept. When nine of ten are pruned,
# "pruned" is hardly news, and a good code spends less. How much less? If `kept` of `n` weights are
# kept, in no pattern, no lossless code needs fewer bits on average than `n * H(p)` (apart from a
# few bits), where `p = kept / n` and `H(p) = -p * log2(p) - (1 - p) * log2(1 - p)`.
#
# **By hand.** Of `n = 8` weights 2 are kept:
#
# | | share | log2 of the share | weights | bits |
# |:--|--:|--:|--:|--:|
# | kept | 0.25 | -2 | 2 | 2 * 2 = 4 |
# | pruned | 0.75 | -0.415 | 6 | 6 * 0.415 = 2.49 |
#
# Together 6.49 bits, where the bit mask takes 8. A kept weight costs more because it is rarer. If
# all or none of the weights are kept, there is nothing to say: 0 bits.


# %% answer="size.entropy"
def entropy_bits(n: int, kept: int) -> float:
    """The least bits, on average, that say which `kept` of `n` weights are kept: n * H(kept / n).

    n: number of weights, 0 or more, up to those of a large model.
    kept: how many of them are kept, from 0 to n.

    Returns the bits of all n weights together as a float, not rounded, with log2; the values of
    the kept weights are not counted. The result is 0.0 where kept is 0 or n, and where n is 0.
    Compute in float64, as Python's float does: it is compared within a relative 1e-5.
    """
    ### BEGIN SOLUTION
    # log2(0) is an error, and 0/0 too; with no weights, kept is 0.
    if kept == 0 or kept == n:
        return 0.0
    share = kept / n
    entropy = -share * math.log2(share) - (1 - share) * math.log2(1 - share)
    return n * entropy
    ### END SOLUTION


# %% check="size.entropy"
checks.check("size.entropy", entropy_bits)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Treat the cases without news first: nothing kept, everything kept, no weights. All others have a
# share between 0 and 1.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `math.log2` is the logarithm with base 2. It raises an error at 0, which the cases of hint 1 keep
# away.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. if `kept` is 0 or `n`: return 0.0
# 2. `p = kept / n`
# 3. both terms of `H(p)`, each with its minus
# 4. times `n`
#
# </details>

# %% grade="size.entropy"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("size.entropy", globals().get("entropy_bits"), seed=seed)

# %% [markdown]
# ### What you built
# Bits per weight for the places alone: the bound, the bit mask, and a list with one int32 column
# for each kept weight, as in CSR.

# %%
if checks.works("size.entropy", entropy_bits):
    n = 1000
    counts = range(0, n + 1, 10)
    sparsities = [1 - kept / n for kept in counts]
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    axes.plot(sparsities, [entropy_bits(n, kept) / n for kept in counts], label="entropy bound")
    axes.axhline(1, color="0.5", label="bit mask")
    axes.plot(sparsities, [32 * kept / n for kept in counts], label="int32 columns")
    axes.set(title="What the places cost", xlabel="sparsity", ylabel="bits per weight")
    axes.set(ylim=(0, 2))
    axes.legend(loc="upper left")
    plt.show()

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

# %% [markdown]
# ### Before you hand in
# Restart the kernel and run all cells: what counts is what the notebook does from top to bottom.
