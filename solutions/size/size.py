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
