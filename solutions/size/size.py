# %% [markdown] overview="size"
# # Lab: size and runtime
#
# Nine tenths of the weights are zero, and the file is as large, and the model as slow, as before.
# This lab finds out what it takes for zeros to save bytes and time.
#
# **You will learn** to count what a dense file stores, to write the two common sparse formats by
# hand, compressed sparse rows and the bit mask, to say how many bits the places of the zeros need
# at least and from which sparsity on a format is smaller than the dense tensor, to measure a
# runtime such that the number means something, to write a linear layer that multiplies by the kept
# weights only, and to say from measured times where it becomes the faster one.
#
# **You need** this notebook and `labkit` installed; PyTorch indexing and integer types; no network
# and no GPU. The pictures use the small models that come with `labkit`.
#
# **How it works.** Fill in the cell of each exercise and run the check below it as often as you
# like. It tries your function on several inputs, prints a line for each property, and says what
# to read where it recognises the mistake. Grading runs the same check on other inputs. A call of
# your function may compute for 5 seconds; most need far less than one. Compute the answers
# yourself: each exercise says what it does not allow, and a call into that earns no points.
# Let your functions print nothing, and leave the settings of torch (gradients, default dtype) as
# they were: both cost points too. The exercises do not need each other; begin where you like.
#
# Sparsity is the fraction of zeros, from 0 to 1; a weight is kept where it is not zero.

# %%
import math
import time
import warnings
from collections.abc import Callable

import matplotlib.pyplot as plt
import torch

from labkit import checks, load_model, prune_global

# torch says at the first CSR tensor that they are in beta; what this lab needs of them works.
warnings.filterwarnings("ignore", "Sparse CSR tensor support")
# Unchecked, a CSR tensor whose parts do not fit ends the kernel; checked, it raises an error.
torch.sparse.check_sparse_tensor_invariants.enable()

# %% [markdown] exercise="size.bytes"
# Before a format can save anything, count what there is. What is saved of a model is its
# `state_dict()`: the parameters, and those buffers that are not rebuilt when it is loaded. A dense
# file holds their numbers one after the other, each in as many bytes as its dtype takes: four in
# float32, two in float16. A zero is a number like any other. Where two names share their memory, as
# the output layer and the embedding table of many models do, the tensor is stored once.
# `state_dict()` gives a new object for each name, so `is` does not tell: tied tensors begin at the
# same address, `data_ptr()`.
#
# **By hand.** A state of three names:
#
# | name | tensor | dtype | bytes | numbers | not zero |
# |:--|:--|:--|--:|--:|--:|
# | table | 0, 5 and -0.0, -2 | float32 | 4 * 4 = 16 | 4 | 2 |
# | bias | 1, 0 | float16 | 2 * 2 = 4 | 2 | 1 |
# | head | the memory of table | float32 | | | |
#
# The answer is `(20, 6, 3)`. Half of the numbers are zero and not one byte is saved.


# %% answer="size.bytes"
def stored(model: torch.nn.Module) -> tuple[int, int, int]:
    """Bytes of a model in a dense file, numbers in it, and how many of them are not zero.

    model: any module; must not be changed, nor its mode. Saved are the tensors of its
        `state_dict()`, perhaps none: of any shape, perhaps () or with a 0, and of any dtype, also
        whole numbers and bool. Names whose tensors begin at the same address (`data_ptr()`) are
        tied, whatever their shapes: they stand for one tensor, which counts once, and have as many
        numbers. Parts of one memory that begin at different addresses are not tied.

    Returns three ints:
        the bytes of all numbers, zeros included, each in the size of its dtype; those of the names
            and the header of the file do not count.
        how many numbers that are.
        how many of them are not zero. -0.0 is a zero, False is one, nan is none.
    """
    ### BEGIN SOLUTION
    # One tensor for each address: state_dict() has an object for each name.
    tensors = {tensor.data_ptr(): tensor for tensor in model.state_dict().values()}.values()
    return (
        sum(tensor.numel() * tensor.itemsize for tensor in tensors),
        sum(tensor.numel() for tensor in tensors),
        sum(int((tensor != 0).sum()) for tensor in tensors),
    )
    ### END SOLUTION


# %% check="size.bytes"
checks.check("size.bytes", stored)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# First the tensors that count, each once. Then three sums over them.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# A dict with `data_ptr()` as its key holds a tensor for each address. `numel()` counts numbers,
# `itemsize` is the bytes of one. `tensor != 0` is False for -0.0 too.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. `{tensor.data_ptr(): tensor for tensor in model.state_dict().values()}.values()`
# 2. the sum of `numel() * itemsize`, and the sum of `numel()`
# 3. the sum of `int((tensor != 0).sum())`
#
# </details>

# %% grade="size.bytes"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("size.bytes", globals().get("stored"), seed=seed)

# %% [markdown]
# ### What you built
# The small BART, pruned further and further: its non-zeros become fewer, the bytes of its dense
# file stay. What sparsity saves in a dense file is nothing. The non-zeros do not fall to 0, as
# embeddings, biases and norms are not pruned.

# %%
if checks.works("size.bytes", stored):
    model, _, _ = load_model("bart")
    sparsities, counts = (0.0, 0.3, 0.5, 0.9, 0.99), []
    for sparsity in sparsities:
        prune_global(model, sparsity)
        counts.append(torch.tensor(stored(model)))
    size, numbers, nonzeros = torch.stack(counts).T.double()
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    axes.plot(sparsities, size / size[0], marker="o", label="bytes of the dense file")
    axes.plot(sparsities, nonzeros / numbers, marker="o", label="non-zeros, of all numbers")
    axes.set(title="Zeros take their bytes", xlabel="sparsity", ylabel="share", ylim=(0, 1.1))
    axes.legend()
    plt.show()

# %% [markdown] exercise="size.csr"
# A format that leaves zeros out has to store where the others stand. Compressed sparse rows (CSR)
# keep three lists of numbers: the kept **values**, row by row; the **column** of each; and for each
# row where its values **start**. One last entry says where the last row ends, so row `i` has the
# values from `row_starts[i]` up to, not including, `row_starts[i + 1]`. torch has `to_sparse_csr`
# for this: compare with that if you like.
#
# **By hand.** A matrix of three rows:
#
# | row | weights | kept values | their columns | number kept | starts at |
# |:--|:--|:--|:--|--:|--:|
# | 0 | 0, 5, 0, -2 | 5, -2 | 1, 3 | 2 | 0 |
# | 1 | 0, 0, 0, 0 | | | 0 | 2 |
# | 2 | 7, 0, 0, 0 | 7 | 0 | 1 | 2 |
#
# The answer is `values = [5, -2, 7]`, `columns = [1, 3, 0]`, `row_starts = [0, 2, 2, 3]`.


# %% answer="size.csr"
def to_csr(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Values, columns and row starts of a matrix in compressed sparse rows.

    weight: tensor of two dimensions, perhaps without rows or columns, of any strides, float32,
        float16 or bfloat16; finite numbers of any size, down to the smallest that the dtype has.
        Must not be changed.

    Returns three tensors of one dimension:
        values: the weights that are not zero, row by row and from left to right; the dtype of
            `weight`, also where none is kept. -0.0 counts as zero.
        columns: the column of each value, int32.
        row_starts: rows + 1 entries, int64: the number of values in all rows before row i, and at
            the end the number of all values.
    """
    ### BEGIN SOLUTION
    kept = weight != 0
    starts = torch.zeros(len(weight) + 1, dtype=torch.int64)
    starts[1:] = kept.sum(1).cumsum(0)
    # Both walk through the matrix row by row, whatever its strides.
    return weight[kept], kept.nonzero()[:, 1].to(torch.int32), starts
    ### END SOLUTION


# %% check="size.csr"
checks.check("size.csr", to_csr)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# All three follow from one mask: True where a weight is not zero.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `weight[mask]` gives the kept weights row by row. `mask.nonzero()` gives one line for each of
# them: row, column. `cumsum` turns counts into running sums.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. `kept = weight != 0`
# 2. the values are `weight[kept]`, the columns the second column of `kept.nonzero()` as int32
# 3. `rows + 1` zeros in int64; from the second on, the running sum of `kept.sum(1)`
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
# The bytes of one matrix of the small GPT-2 in CSR, next to the dense ones.

# %%
if checks.works("size.csr", to_csr):
    model, _, _ = load_model("gpt2")
    weight = next(p for name, p in model.named_parameters() if name.endswith("c_fc.weight"))
    weight = weight.detach()
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    bottom = torch.zeros(4)
    sparsities = (0.3, 0.5, 0.9, 0.99)
    parts = [to_csr(weight * (weight.abs() > weight.abs().quantile(s))) for s in sparsities]
    for place, label in enumerate(("values", "columns", "row starts")):
        sizes = torch.tensor([part[place].nbytes / 1024 for part in parts])
        axes.bar([f"{s:.0%}" for s in sparsities], sizes, bottom=bottom, label=label)
        bottom += sizes
    axes.axhline(weight.nbytes / 1024, color="black", linestyle="--", label="dense")
    axes.set(title="One matrix in CSR", xlabel="sparsity", ylabel="KiB")
    axes.legend()
    plt.show()

# %% [markdown] exercise="size.bitmask"
# A column index costs 16 or 32 bits for each kept weight. A mask costs one bit for each weight,
# kept or not: at 90 % sparsity that is ten bits for each kept one. Computers address bytes, so
# eight bits go into one: the first of eight weights is worth 1, the second 2, the eighth 128. This
# is called least significant bit first.
#
# **By hand.** Ten weights need two bytes; the second is filled up with zeros:
#
# | flat index | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |
# |:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
# | w | 3 | 0 | 0 | -1 | 0 | 0 | 0 | 2 | 0 | 5 |
# | bit | 1 | 0 | 0 | 1 | 0 | 0 | 0 | 1 | 0 | 1 |
# | worth | 1 | 2 | 4 | 8 | 16 | 32 | 64 | 128 | 1 | 2 |
#
# The bytes are 1 + 8 + 128 = 137 and 2, the values 3, -1, 2, 5.


# %% answer="size.bitmask"
def pack(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Bit mask and kept values of a tensor.

    weight: tensor of any shape and strides, perhaps empty, float32, float16 or bfloat16; finite
        numbers of any size, down to the smallest that the dtype has. Must not be changed.

    Returns two tensors of one dimension:
        bits: uint8, ceil(n / 8) entries for n weights. Bit i of byte j (bit 0 is worth 1) is 1
            where the weight of flat index 8 * j + i (row by row) is not zero; bits past the last
            weight are 0. -0.0 counts as zero.
        values: the weights that are not zero, in the same order; the dtype of `weight`, also
            where none is kept.
    """
    ### BEGIN SOLUTION
    kept = (weight != 0).flatten()
    # Whole bytes: the bits past the last weight stay 0.
    flags = torch.zeros((kept.numel() + 7) // 8, 8, dtype=torch.uint8)
    flags.view(-1)[: kept.numel()] = kept
    worth = torch.tensor([1, 2, 4, 8, 16, 32, 64, 128], dtype=torch.uint8)
    return (flags * worth).sum(1, dtype=torch.uint8), weight.flatten()[kept]
    ### END SOLUTION


# %% check="size.bitmask"
checks.check("size.bitmask", pack)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Put the flat mask into a table of eight columns: one line is one byte.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `(n + 7) // 8` rounds up. A table of zeros holds the flags and, at its end, the filling. A sum
# with `dtype=torch.uint8` stays in bytes; eight different powers of 2 add up to 255 at most.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. the flat mask `(weight != 0).flatten()`
# 2. `ceil(n / 8)` times eight zeros, the mask written to the first `n`
# 3. each column times 1, 2, 4, ..., 128, then the sum of each line
# 4. the values: the flattened weight at the mask
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
# The bits of a pruned matrix of the small GPT-2, byte by byte: how often does each value occur?
# A byte with a single kept weight is a power of 2: at 90 % these stand out.

# %%
if checks.works("size.bitmask", pack):
    model, _, _ = load_model("gpt2")
    weight = next(p for name, p in model.named_parameters() if name.endswith("c_fc.weight"))
    weight = weight.detach()
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    for sparsity in (0.5, 0.9):
        bits, _ = pack(weight * (weight.abs() > weight.abs().quantile(sparsity)))
        counts = torch.bincount(bits.long(), minlength=256)
        axes.plot(counts, label=f"sparsity {sparsity:.0%}")
    axes.set(title="Not all bytes are alike", xlabel="value of the byte", ylabel="number of bytes")
    axes.set_yscale("symlog")
    axes.legend()
    plt.show()

# %% [markdown] exercise="size.unpack"
# A format is worth its bytes only if the tensor comes back. The bits say where a weight was kept;
# the values wait in the same order.
#
# **By hand.** Bits `[137, 2]`, values `[3, -1, 2, 5]`, shape `(2, 5)`. 137 = 1 + 8 + 128, so bits
# 0, 3 and 7 are set; in the second byte bit 1, which is flat index 9:
#
# | flat index | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |
# |:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
# | bit | 1 | 0 | 0 | 1 | 0 | 0 | 0 | 1 | 0 | 1 |
# | w | 3 | 0 | 0 | -1 | 0 | 0 | 0 | 2 | 0 | 5 |
#
# The rows are 3, 0, 0, -1, 0 and 0, 0, 2, 0, 5.


# %% answer="size.unpack"
def unpack(bits: torch.Tensor, values: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """The tensor that a bit mask and the kept values stand for.

    bits: uint8, one dimension, ceil(n / 8) entries for the n weights of `shape`; bit i of byte j
        (bit 0 is worth 1) belongs to flat index 8 * j + i. Bits past the last weight are 0.
    values: one dimension, one for each bit that is 1, in flat order; float32, float16 or bfloat16,
        finite numbers of any size other than 0.
    shape: the shape of the answer, perhaps (), perhaps with a 0.
    Neither tensor must be changed.

    Returns a tensor of `shape` with the dtype of `values`: the values where the bits are 1, row by
    row and to the last bit, and 0.0 elsewhere (or -0.0: both are zeros).
    """
    ### BEGIN SOLUTION
    flags = (bits.unsqueeze(1) >> torch.arange(8, dtype=torch.uint8)) & 1
    dense = torch.zeros(shape, dtype=values.dtype)
    flat = dense.view(-1)
    flat[flags.flatten()[: flat.numel()].bool()] = values
    return dense
    ### END SOLUTION


# %% check="size.unpack"
checks.check("size.unpack", unpack)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# First the bits: a table with one line for each byte and eight columns of 0 and 1.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `(bits.unsqueeze(1) >> torch.arange(8)) & 1` shifts each byte by 0 to 7 places and looks at the
# last bit; `bool()` makes a mask of that. Assigning to `flat[mask]` fills the places of a boolean
# mask in order. `math.prod(shape)` is the number of weights, also of the shape `()`.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. the table of bits, flattened, cut to the number of weights and made boolean
# 2. a flat tensor of zeros with the dtype of `values`
# 3. `flat[mask] = values`, then the shape
#
# </details>

# %% grade="size.unpack"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("size.unpack", globals().get("unpack"), seed=seed)

# %% [markdown]
# ### What you built
# A byte for each eight weights draws a picture: white where a weight is zero.

# %%
if checks.works("size.unpack", unpack):
    bits = torch.tensor([60, 66, 165, 129, 165, 153, 66, 60], dtype=torch.uint8)
    kept = int(sum(int(byte).bit_count() for byte in bits))
    figure, axes = plt.subplots(figsize=(2.5, 2.5), layout="constrained")
    axes.imshow(unpack(bits, torch.ones(kept), (8, 8)), cmap="Blues")
    axes.set(title="64 weights in 8 bytes", xticks=[], yticks=[])
    plt.show()

# %% [markdown] exercise="size.entropy"
# The bit mask spends one bit on each weight, also where nearly all are zero and each bit tells next
# to nothing. How few bits could do? If the kept weights lie at random places and a share $p$ of the
# $n$ weights is kept, no lossless encoding of the places needs less on average than
#
# $$n H(p) = n \, (-p \log_2 p - (1 - p) \log_2 (1 - p)).$$
#
# **By hand.** 8 weights of which 2 are kept, so $p = 1/4$:
#
# | | share | log2 of the share | minus share times log2 |
# |:--|--:|--:|--:|
# | kept | 1/4 | -2 | 0.5 |
# | zero | 3/4 | -0.415 | 0.311 |
#
# Together 0.811 bits for each weight, 8 * 0.811 = 6.49 bits for the mask, which has 8. Where all
# weights are kept, or none, nothing is left to say: 0 bits.


# %% answer="size.entropy"
def entropy_bits(n: int, kept: int) -> float:
    """Bits that it takes at least to say which of n weights are kept.

    n: number of weights, 0 or more, also some billions (more than an int32 holds).
    kept: number of kept weights, from 0 to n.

    Returns n * H(kept / n) as a float, with the logarithm to base 2, not rounded, right to six
    digits; 0.0 where kept is 0 or n. The values of the weights are not counted.
    """
    ### BEGIN SOLUTION
    if kept in (0, n):
        return 0.0
    p = kept / n
    return -n * (p * math.log2(p) + (1 - p) * math.log2(1 - p))
    ### END SOLUTION


# %% check="size.entropy"
checks.check("size.entropy", entropy_bits)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Two shares that add up to 1, and a term for each of them.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `math.log2` has base 2, `math.log` has not. Neither takes 0.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. return 0.0 where `kept` is 0 or `n`
# 2. `p = kept / n`
# 3. `-p * log2(p)` plus the same of `1 - p`, all times `n`
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
# The bits for each weight that the bound asks for, next to those of the bit mask.

# %%
if checks.works("size.entropy", entropy_bits):
    sparsities = [i / 100 for i in range(101)]
    bits = [entropy_bits(10_000, 10_000 - 100 * i) / 10_000 for i in range(101)]
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    axes.plot(sparsities, bits, label="entropy")
    axes.axhline(1, color="black", linestyle="--", label="bit mask")
    axes.set(title="What a mask has to say", xlabel="sparsity", ylabel="bits for each weight")
    axes.legend(loc="lower center")
    plt.show()

# %% [markdown] exercise="size.break_even_sparsity"
# Half of the weights are zero. Does CSR take half of the bytes? It stores a column with each kept
# value, and the row starts whatever is kept. Below some sparsity it is larger than the dense
# tensor. At the break-even both take the same number of bytes.
#
# **By hand.** 10 rows and 20 columns, values and columns of 4 bytes, starts of 8:
#
# | | bytes |
# |:--|--:|
# | dense | 10 * 20 * 4 = 800 |
# | row starts | (10 + 1) * 8 = 88 |
# | each kept weight | 4 + 4 = 8 |
#
# There is room for (800 - 88) / 8 = 89 kept weights of 200, so the break-even is at the sparsity
# 1 - 89 / 200 = 0.555. With sparsity 0.6, CSR is smaller; with 0.5 it is larger.


# %% answer="size.break_even_sparsity"
def csr_break_even(
    rows: int, columns: int, value_bytes: int, column_bytes: int, start_bytes: int
) -> float:
    """Sparsity above which CSR takes fewer bytes than the dense tensor.

    rows, columns: the shape of the matrix, each 0 or more; there may be billions of weights.
    value_bytes: bytes of a value, dense or kept, 1 or more.
    column_bytes, start_bytes: bytes of a column index and of a row start, 1 or more; CSR has
        rows + 1 row starts.

    Returns a float from 0.0 to 1.0, right to nine digits and not rounded to whole weights: the
    sparsity at which both take the same number of bytes. 1.0 where CSR is smaller at none, also
    without any weights.
    """
    ### BEGIN SOLUTION
    weights = rows * columns
    room = weights * value_bytes - (rows + 1) * start_bytes
    if room <= 0:
        return 1.0
    return 1 - room / (value_bytes + column_bytes) / weights
    ### END SOLUTION


# %% check="size.break_even_sparsity"
checks.check("size.break_even_sparsity", csr_break_even)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Write down the bytes of both forms with k kept weights and solve for k.
#
# </details>
#
# <details><summary>Hint 2: the equation</summary>
#
# `rows * columns * value_bytes` on one side; on the other the starts, which do not depend on k, and
# k times what each kept weight costs.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. the room: dense bytes minus `(rows + 1) * start_bytes`
# 2. return 1.0 where there is no room, which includes a matrix without weights
# 3. k is the room divided by `value_bytes + column_bytes`
# 4. the sparsity is `1 - k / (rows * columns)`
#
# </details>

# %% grade="size.break_even_sparsity"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("size.break_even_sparsity", globals().get("csr_break_even"), seed=seed)

# %% [markdown]
# ### What you built
# The break-even of a matrix of 768 rows and 3072 columns: the smaller the indices, the earlier.

# %%
if checks.works("size.break_even_sparsity", csr_break_even):
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    for value_bytes, label in ((4, "32-bit values"), (2, "16-bit values")):
        sparsities = [csr_break_even(768, 3072, value_bytes, size, 8) for size in (2, 4, 8)]
        axes.plot(["16", "32", "64"], sparsities, "o-", label=label)
    axes.set(
        title="When CSR is smaller",
        xlabel="bits of a column index",
        ylabel="sparsity from which on",
        ylim=(0, 1),
    )
    axes.legend(loc="lower right")
    plt.show()

# %% [markdown] exercise="size.timing"
# One reading of a clock says little about how fast a layer is. The first calls are slower (memory
# is fetched, caches are empty), and now and then another program interrupts a call. So: run a few
# calls untimed, then time each of many calls, and report the median with the quartiles around it.
#
# **By hand.** `warmup=2`, `repeats=4`, and six calls that take, in order:
#
# | call | 1 | 2 | 3 | 4 | 5 | 6 |
# |:--|--:|--:|--:|--:|--:|--:|
# | seconds | 5.0 | 4.0 | 0.5 | 2.5 | 0.25 | 0.75 |
# | used | warm-up | warm-up | yes | yes | yes | yes |
#
# Sorted, the four times are 0.25, 0.5, 0.75, 2.5. The median lies halfway between 0.5 and 0.75:
# 0.625. The lower quartile stands at position 0.25 * (4 - 1) = 0.75, counted from 0: three quarters
# of the way from 0.25 to 0.5, that is 0.4375. The upper one at position 2.25 is
# 0.75 + 0.25 * (2.5 - 0.75) = 1.1875. The mean would be 1.0: one slow call doubles it.


# %% answer="size.timing"
def time_calls(
    work: Callable[[], object], clock: Callable[[], float], warmup: int, repeats: int
) -> dict[str, float]:
    """Median and quartiles of the time that a call of `work` takes, after a warm-up.

    work: a function without arguments; what it returns does not matter.
    clock: a function without arguments that returns the time in seconds, as time.perf_counter;
        perhaps millions, too large for the fraction to fit into a float32. It may stand still
        during a call: then that call took 0 seconds.
    warmup: how many calls of work come first and are not timed; 0 or more. They need not be slower.
    repeats: how many calls are timed, each one on its own, between two readings of the clock; 1 or
        more.

    Returns a dictionary of floats, in seconds, right to five digits also where a call takes
    microseconds, with the keys "median", "low" and "high" in this order: the quantiles 0.5, 0.25
    and 0.75 of the times. A quantile q of n sorted times stands at position q * (n - 1), counted
    from 0; between two times it is interpolated linearly. Work is called warmup + repeats times in
    all.
    """
    ### BEGIN SOLUTION
    for _ in range(warmup):
        work()
    durations = []
    for _ in range(repeats):
        start = clock()
        work()
        durations.append(clock() - start)
    times = torch.tensor(durations, dtype=torch.float64)
    names = {"median": 0.5, "low": 0.25, "high": 0.75}
    return {name: times.quantile(share).item() for name, share in names.items()}
    ### END SOLUTION


# %% check="size.timing"
checks.check("size.timing", time_calls)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Two loops: one calls `work()` and does nothing else, the other keeps a list of times.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `torch.quantile` and `numpy.quantile` interpolate linearly by default. `statistics.quantiles`
# needs `method="inclusive"` and at least two times.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. call `work()` `warmup` times
# 2. `repeats` times: read the clock, call `work()`, read the clock again, keep the difference
# 3. the quantiles 0.5, 0.25 and 0.75 of the differences, as Python floats
#
# </details>

# %% grade="size.timing"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("size.timing", globals().get("time_calls"), seed=seed)

# %% [markdown]
# ### What you built
# The same matrix product on your machine, dense and in CSR, for a growing share of zeros. The
# bars run from the lower to the upper quartile.

# %%
if checks.works("size.timing", time_calls):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(128, 512, generator=generator)
    sparsities = [0.5, 0.7, 0.8, 0.9, 0.95, 0.99]
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    for form, color in (("dense", "0.5"), ("CSR", "tab:blue")):
        for sparsity in sparsities:
            weight = torch.randn(512, 512, generator=generator)
            weight[torch.rand(512, 512, generator=generator) < sparsity] = 0
            if form == "CSR":
                weight = weight.to_sparse_csr()
            times = time_calls(lambda weight=weight: weight @ x.T, time.perf_counter, 3, 15)
            low, middle, high = (1000 * times[key] for key in ("low", "median", "high"))
            axes.plot([sparsity, sparsity], [low, high], color=color)
            label = form if sparsity == sparsities[0] else None
            axes.plot(sparsity, middle, "o", color=color, label=label)
    axes.set(title="512 x 512 weights, 128 tokens", xlabel="sparsity", ylabel="milliseconds")
    axes.set(yscale="log")
    axes.legend()
    plt.show()

# %% [markdown] exercise="size.csr_linear"
# CSR stores what is kept of a matrix, row after row: the `values`, the column of each, and where
# each row starts. A linear layer, y = x Wᵀ + b, needs no more than that: each kept weight takes one
# input, multiplies it and adds it to one output. The dense weight, built again, gives the same
# numbers, so the check takes that as well; but it needs the memory that CSR has saved.
#
# **By hand.** A weight with 3 outputs and 4 inputs, as `values` 2, -1, 3, `columns` 1, 3, 0 and
# `row_starts` 0, 2, 2, 3; the bias is 10, 20, 30, and x is one token, 1, 2, 3, 4:
#
# | output | values from, up to | kept weights | y |
# |:--|:--|:--|:--|
# | 0 | 0, 2 | 2 in column 1, -1 in column 3 | 2 · 2 - 1 · 4 + 10 = 10 |
# | 1 | 2, 2 | none | 0 + 20 = 20 |
# | 2 | 2, 3 | 3 in column 0 | 3 · 1 + 30 = 33 |


# %% answer="size.csr_linear"
def csr_linear(
    x: torch.Tensor,
    values: torch.Tensor,
    columns: torch.Tensor,
    row_starts: torch.Tensor,
    bias: torch.Tensor | None,
) -> torch.Tensor:
    """A linear layer, x Wᵀ + bias, whose weight W of shape (out, in) is stored as CSR.

    out and in are 1 or more.
    x: float32 of shape (..., in), with any leading dimensions and strides, also with none (one
        token) or without tokens (a dimension of 0).
    values: the kept weights, float32, row after row.
    columns: the column of each of them, rising in each row, int32 or int64; the last columns of W
        may be empty.
    row_starts: out + 1 numbers of the same type; row i holds the values from row_starts[i] up to,
        but without, row_starts[i + 1]. A row may be empty.
    bias: float32 of shape (out,), or None.

    Returns a float32 tensor of shape (..., out) with the leading dimensions of x, as precise as
    float32 is. None of the tensors must be changed.
    """
    ### BEGIN SOLUTION
    flat = x.reshape(-1, x.shape[-1])
    outputs = len(row_starts) - 1
    weight = torch.sparse_csr_tensor(row_starts, columns, values, (outputs, x.shape[-1]))
    result = (weight @ flat.T).T
    if bias is not None:
        result = result + bias
    return result.reshape(*x.shape[:-1], outputs)
    ### END SOLUTION


# %% check="size.csr_linear"
checks.check("size.csr_linear", csr_linear)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Make one matrix of all tokens, and think of the leading dimensions again at the end.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `torch.sparse_csr_tensor` takes the three parts as they are; the sparse matrix stands on the left
# of `@`. Without it: `row_starts.diff()` counts the values of each row, and `index_add_` adds
# products to the outputs that they belong to.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. reshape x to (tokens, in)
# 2. the sparse weight, of size (out, in), times the transpose: (out, tokens)
# 3. transpose back, then add the bias if there is one
# 4. reshape to the leading dimensions of x, and out
#
# </details>

# %% grade="size.csr_linear"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("size.csr_linear", globals().get("csr_linear"), seed=seed)

# %% [markdown]
# ### What you built
# A layer with nine tenths of its weights gone, from your function: how far it is from the dense
# result, for each output. What is left is rounding.

# %%
if checks.works("size.csr_linear", csr_linear):
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(256, 512, generator=generator)
    weight[torch.rand(256, 512, generator=generator) < 0.9] = 0
    x, bias = torch.randn(8, 16, 512, generator=generator), torch.zeros(256)
    rows, columns = weight.nonzero(as_tuple=True)
    row_starts = torch.cat([torch.zeros(1, dtype=int), (weight != 0).sum(1).cumsum(0)])
    y = csr_linear(x, weight[rows, columns], columns, row_starts, bias)
    error = (y - x @ weight.T).abs().amax((0, 1))
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    axes.plot(y.abs().amax((0, 1)), ".", color="tab:blue", label="largest |y|")
    axes.plot(error, ".", color="0.5", label="largest difference from dense")
    axes.set(title="CSR and dense agree", xlabel="output")
    axes.set_yscale("symlog", linthresh=1e-7)
    axes.legend(loc="center right")
    plt.show()

# %% [markdown] exercise="size.break_even"
# At which sparsity does leaving out zeros begin to pay? Theory answers badly: finding a kept weight
# costs more than multiplying it. So measure both layers at rising sparsities, and look where the
# difference of the two times goes from above zero to zero or below. Between two levels draw a
# straight line.
#
# **By hand.** Four levels:
#
# | sparsity | 0.5 | 0.75 | 0.875 | 1.0 |
# |:--|--:|--:|--:|--:|
# | dense, ms | 4 | 4 | 5 | 4 |
# | sparse, ms | 10 | 7 | 4 | 1 |
# | sparse - dense | 6 | 3 | -1 | -3 |
#
# Sparse is slower for the last time at 0.75. On the way to 0.875 the difference falls by 4, from 3
# to -1; it is zero after 3/4 of the way: 0.75 + 3/4 * 0.125 = 0.84375.


# %% answer="size.break_even"
def break_even(sparsities: list[float], dense_ms: list[float], sparse_ms: list[float]) -> float:
    """The sparsity from which on a sparse layer is as fast as the dense one.

    sparsities: one or more levels, rising, from 0 to 1.
    dense_ms, sparse_ms: the time of either layer at each level, in milliseconds. None of the lists
        must be changed.

    Sparse is slower at a level if its time is the larger one, by however little; equal times are as
    fast. Returns the sparsity at which the difference sparse - dense, interpolated linearly between
    the last level at which sparse is slower and the next level, is zero, not rounded. Noise may
    make several crossings: it is the last one that counts. Returns the first sparsity if sparse is
    nowhere slower, and 1.0 if it is slower at the last level.
    """
    ### BEGIN SOLUTION
    gaps = [sparse - dense for dense, sparse in zip(dense_ms, sparse_ms, strict=True)]
    slower = [level for level, gap in enumerate(gaps) if gap > 0]
    if not slower:
        return sparsities[0]
    last = slower[-1]
    if last == len(gaps) - 1:
        return 1.0
    way = gaps[last] / (gaps[last] - gaps[last + 1])
    return sparsities[last] + way * (sparsities[last + 1] - sparsities[last])
    ### END SOLUTION


# %% check="size.break_even"
checks.check("size.break_even", break_even)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# One list of differences says all there is to know: above zero means slower.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `enumerate` over the differences gives the levels at which sparse is slower; the last of them is
# the one you need. There may be none, and it may be the last level of all.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. the differences sparse - dense, and the last index `i` at which one is above zero
# 2. no such index: the first sparsity; the last level: 1.0
# 3. the share of the way, `gap[i] / (gap[i] - gap[i + 1])`
# 4. that share of the step from `sparsities[i]` to `sparsities[i + 1]`
#
# </details>

# %% grade="size.break_even"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("size.break_even", globals().get("break_even"), seed=seed)

# %% [markdown]
# ### What you built
# Where your machine breaks even, for a layer of 512 × 512 weights and different numbers of tokens.
# At 0, CSR was nowhere slower; at 1, it was slower at the last level. Run the cell a second time:
# how far do the points move?

# %%
if checks.works("size.break_even", break_even) and checks.works("size.timing", time_calls):
    generator = torch.Generator().manual_seed(0)
    levels, tokens = [0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.99], [1, 8, 64, 256]
    points = []
    for count in tokens:
        x, dense_ms, sparse_ms = torch.randn(count, 512, generator=generator), [], []
        for sparsity in levels:
            weight = torch.randn(512, 512, generator=generator)
            weight[torch.rand(512, 512, generator=generator) < sparsity] = 0
            csr = weight.to_sparse_csr()
            # Each in the order in which a layer computes it: for few tokens it makes a difference.
            dense = time_calls(lambda w=weight, x=x: x @ w.T, time.perf_counter, 3, 9)
            sparse = time_calls(lambda w=csr, x=x: w @ x.T, time.perf_counter, 3, 9)
            dense_ms.append(1000 * dense["median"])
            sparse_ms.append(1000 * sparse["median"])
        points.append(break_even(levels, dense_ms, sparse_ms))
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    axes.plot(tokens, points, "o-", color="tab:blue")
    axes.set(
        title="CSR is as fast from here on", xlabel="tokens", ylabel="sparsity", ylim=(-0.05, 1.05)
    )
    axes.set_xscale("log", base=2)
    plt.show()

# %% [markdown]
# ### Before you hand in
# Restart the kernel and run all cells: what counts is what the notebook does from top to bottom.
# In a terminal, `labkit check` with the path of the saved notebook runs it that way and adds up the
# points.
