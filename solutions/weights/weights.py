# %% [markdown] overview="weights"
# # Lab: weights
#
# Magnitude pruning removes the weights that are closest to zero. Before any of them goes, this lab
# looks at them: which weights are there to prune, how many are small, and what shape their
# distribution has.
#
# **You will learn** to find the weight matrices of a transformer by the type of their modules, to
# measure the share of small weights, in a tensor and block by block, to count a histogram of more
# weights than you would want to copy, and to say with a number whether a distribution has heavier
# tails than the normal one. The last question is answered in words.
#
# **You need** this notebook and `labkit` installed; PyTorch modules and indexing; no network and
# no GPU. The pictures use the small models that come with `labkit`.
#
# **How it works.** Fill in the cell of each exercise and run the check below it as often as you
# like. It tries your function on several inputs, prints a line for each property, and says what
# to read where it recognises the mistake. Grading runs the same check on other inputs. A call of
# your function may compute for 5 seconds; most need far less than one. Compute the answers
# yourself: each exercise says what it does not allow, and a call into that earns no points.
# Let your functions print nothing, which costs points too. The exercises do not need each other;
# begin where you like.

# %%
from collections.abc import Iterable

import matplotlib.pyplot as plt
import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from labkit import checks, load_model, prunable_layers

# %% [markdown] exercise="weights.prunable"
# A transformer has weights that nobody prunes: biases and LayerNorm are few and matter much, an
# embedding row serves one token, and the head is the part that is trained anew for each task. What
# is pruned are the matrices inside the blocks. Names differ from model to model (`query`, `c_attn`,
# `fc1`), types do not: such a matrix is the `weight` of an `nn.Linear`, or of a `Conv1D`, which is
# how GPT-2 in `transformers` writes a linear layer. The blocks are kept in an `nn.ModuleList`.
#
# **By hand.** A small model, as `named_modules()` lists it:
#
# | name | type | in the answer | why |
# |:--|:--|:--|:--|
# | `words` | `Embedding` | | no matrix of a block |
# | `layers` | `ModuleList` | | the list of blocks |
# | `layers.0` | `Block` | | |
# | `layers.0.norm` | `LayerNorm` | | wrong type |
# | `layers.0.mlp` | `Conv1D` | `layers.0.mlp.weight` | the bias stays out |
# | `layers.1` | `Block` | | |
# | `layers.1.norm` | `LayerNorm` | | wrong type |
# | `layers.1.mlp` | `Conv1D` | | its weight is the tensor of `layers.0.mlp.weight` |
# | `layers.1.out` | `Linear` | `layers.1.out.weight` | |
# | `head` | `Linear` | | outside the list of blocks |
#
# The answer is `["layers.0.mlp.weight", "layers.1.out.weight"]`.


# %% answer="weights.prunable"
def prunable_names(model: nn.Module) -> list[str]:
    """Names of the weight matrices inside the blocks of a model.

    model: any module, such as a RoBERTa, GPT-2 or BART, in any mode; must not be changed. Its
        blocks are what its `nn.ModuleList`s hold, at any depth; there may be none. A list may hold
        layers themselves; the model itself is no list.

    Returns the names of the weights of all `nn.Linear` and `Conv1D` modules inside an
    `nn.ModuleList`, subclasses included, frozen and empty ones too, as in
    `model.named_parameters()`, in the order of `model.named_modules()` (block 2 before block 10).
    Biases, LayerNorm, embeddings and layers outside the lists are left out. A parameter that
    several of these modules share (the same object, not only equal numbers or the same memory) is
    listed once, under the first of its names; nothing else shares it.
    """
    ### BEGIN SOLUTION
    names, seen = [], set()
    for path, blocks in model.named_modules():
        if not isinstance(blocks, nn.ModuleList):
            continue
        for name, module in blocks.named_modules(prefix=path):
            # Tensors are compared by identity: == would compare their values.
            if isinstance(module, (nn.Linear, Conv1D)) and id(module.weight) not in seen:
                seen.add(id(module.weight))
                names.append(f"{name}.weight")
    return names
    ### END SOLUTION


# %% check="weights.prunable"
checks.check("weights.prunable", prunable_names)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Find the lists first. All that is inside a list is inside a block, whatever it is called.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `named_modules()` walks through everything below a module, in order; with `prefix=` it puts the
# name of the list in front. `isinstance` takes a tuple of types. A `set` of `id(tensor)` remembers
# which tensors you have seen.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. go through `model.named_modules()` and pass over what is no `nn.ModuleList`
# 2. go through `blocks.named_modules(prefix=path)` of each list
# 3. where the module is an `nn.Linear` or a `Conv1D`, and its weight is a new one, append
#    `name + ".weight"`
#
# </details>

# %% grade="weights.prunable"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("weights.prunable", globals().get("prunable_names"), seed=seed)

# %% [markdown]
# ### What you built
# How much of each small model can be pruned? In the published ones it is less, since their
# embedding tables have far more rows: in GPT-2 it is two thirds.

# %%
if checks.works("weights.prunable", prunable_names):
    figure, axes = plt.subplots(figsize=(6, 2.2), layout="constrained")
    for row, key in enumerate(("roberta", "gpt2", "bart")):
        model, _, spec = load_model(key)
        sizes = {name: parameter.numel() / 1e6 for name, parameter in model.named_parameters()}
        prunable = sum(sizes[name] for name in prunable_names(model))
        axes.barh(spec.title, prunable, color="tab:blue", label="prunable" if row == 0 else None)
        axes.barh(
            spec.title,
            sum(sizes.values()) - prunable,
            left=prunable,
            color="0.75",
            label="all others" if row == 0 else None,
        )
    axes.set(title="What there is to prune", xlabel="millions of weights")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    plt.show()

# %% [markdown] exercise="weights.share_below"
# "Most weights are small" says nothing until small has a number. The course asks for two: how many
# weights are below 0.1, how many below 0.01? What counts is the size of a weight, not its sign.
#
# **By hand.** Five weights and the threshold 0.25:
#
# | w | 0.125 | -0.25 | -0.75 | 0.0 | 0.5 |
# |:--|--:|--:|--:|--:|--:|
# | absolute value | 0.125 | 0.25 | 0.75 | 0.0 | 0.5 |
# | below 0.25 | yes | no | no | yes | no |
#
# Two of five are below: the share is 2 / 5 = 0.4. The weight -0.25 is at the threshold, not below.


# %% answer="weights.share_below"
def share_below(weight: torch.Tensor, threshold: float) -> float:
    """Share of the weights that are smaller than a threshold in absolute value.

    weight: finite numbers, of any shape and strides, float32, float16 or bfloat16; must not be
        changed.
    threshold: a number, 0 or larger, that the type of the weights holds exactly.

    Returns the share of entries with |w| < threshold, a float from 0 to 1, right to five digits;
    0.0 for a tensor without entries.
    """
    ### BEGIN SOLUTION
    if weight.numel() == 0:
        return 0.0
    return (weight.abs() < threshold).sum().item() / weight.numel()
    ### END SOLUTION


# %% check="weights.share_below"
checks.check("weights.share_below", share_below)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# A comparison gives a tensor of True and False. How many are True, and how many are there?
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `abs()` gives a new tensor, `sum()` of a bool tensor counts what is True, `numel()` counts all
# entries, and `item()` makes a Python number of a tensor with one entry.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. return 0.0 if there are no weights
# 2. compare `weight.abs()` with the threshold and count
# 3. divide by `weight.numel()`, as Python numbers
#
# </details>

# %% grade="weights.share_below"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("weights.share_below", globals().get("share_below"), seed=seed)

# %% [markdown]
# ### What you built
# The share for every threshold at once, and in the legend what a threshold of 0.01 or 0.1 would
# prune.

# %%
if checks.works("weights.share_below", share_below):
    thresholds = torch.logspace(-3, 0, 60).tolist()
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    for key, width in (("roberta", 5), ("gpt2", 2), ("bart", 2)):
        model, _, spec = load_model(key)
        weights = torch.cat([layer.weight.detach().flatten() for layer in prunable_layers(model)])
        label = f"{spec.title}: {share_below(weights, 0.01):.1%}, {share_below(weights, 0.1):.1%}"
        shares = [share_below(weights, t) for t in thresholds]
        axes.plot(thresholds, shares, linewidth=width, label=label)
    for threshold in (0.01, 0.1):
        axes.axvline(threshold, color="0.75", linestyle="--")
    axes.set(title="How many weights are small", xlabel="threshold", ylabel="share", xscale="log")
    axes.legend(title="below 0.01, below 0.1")
    plt.show()

# %% [markdown] exercise="weights.bands"
# Do all blocks of a model look alike? Sort the weights of each block into three bands of size:
# small, medium, large. A block has several matrices of different sizes; what counts is the share
# among all its weights.
#
# **By hand.** One block of two tensors, with the thresholds 0.5 and 2:
#
# | tensor | w | below 0.5 | from 0.5 to below 2 | 2 and more |
# |:--|:--|--:|--:|--:|
# | first | 0.25, -0.5, 1.0, 0.0 | 2 | 2 | 0 |
# | second | -3.0 | 0 | 0 | 1 |
# | together | 5 weights | 2 | 2 | 1 |
# | **shares** | | **0.4** | **0.4** | **0.2** |
#
# The mean over the two tensors, (0.25, 0.25, 0.5), would be something else: it lets the one weight
# of the second tensor count as much as the four of the first.


# %% answer="weights.bands"
def band_shares(blocks: list[list[torch.Tensor]], small: float, large: float) -> torch.Tensor:
    """Shares of small, medium and large weights in each block.

    blocks: for each block a list of tensors of finite numbers, of any shapes and strides, float32,
        float16 or bfloat16, also mixed; there may be no blocks, and blocks without weights. Each
        tensor counts, also one that equals another or lies in its memory. They must not be changed.
    small, large: the two thresholds, 0 < small < large; all dtypes hold them exactly.

    Returns a float64 tensor of shape (number of blocks, 3). Row i holds the shares of the weights
    of block i with |w| < small, with small <= |w| < large, and with |w| >= large; it adds up to 1,
    or is all 0 where the block has no weights.
    """
    ### BEGIN SOLUTION
    shares = torch.zeros(len(blocks), 3, dtype=torch.float64)
    for row, block in zip(shares, blocks, strict=True):
        for tensor in block:
            size = tensor.abs()
            row[0] += (size < small).sum()
            row[1] += ((size >= small) & (size < large)).sum()
            row[2] += (size >= large).sum()
    # Where a block has no weights 0 is divided by 1.
    return shares / shares.sum(dim=1, keepdim=True).clamp(min=1)
    ### END SOLUTION


# %% check="weights.bands"
checks.check("weights.bands", band_shares)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Count first and divide last: the counts of the tensors of a block can be added, their shares
# cannot.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# Two bool tensors are joined by `&`, each in parentheses. `torch.zeros(len(blocks), 3,
# dtype=torch.float64)` is a table to add to. `sum(dim=1, keepdim=True)` gives the sums of the rows
# in a shape that divides them.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. a table of zeros, one row for each block
# 2. for each tensor of a block, add the counts of the three bands to the block's row
# 3. divide each row by its sum; let a sum of 0 be 1, with `clamp(min=1)`
#
# </details>

# %% grade="weights.bands"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("weights.bands", globals().get("band_shares"), seed=seed)

# %% [markdown]
# ### What you built
# The bands of each block, from the first (left) to the last; BART's encoder and decoder stand
# apart.

# %%
if checks.works("weights.bands", band_shares):
    figure, panels = plt.subplots(1, 4, figsize=(8, 3), sharey=True, layout="constrained")
    stacks = {}
    for key in ("roberta", "gpt2", "bart"):
        model, _, spec = load_model(key)
        for layer in prunable_layers(model):
            title = f"{spec.title}\n{layer.stack}"
            blocks = stacks.setdefault(title, {})
            blocks.setdefault(layer.block, []).append(layer.weight.detach())
    for axes, (title, blocks) in zip(panels, stacks.items(), strict=True):
        shares = band_shares(list(blocks.values()), 0.01, 0.1)
        names = ("|w| < 0.01", "0.01 to 0.1", "0.1 and more")
        colors = ("0.8", "tab:cyan", "tab:blue")
        bottom = torch.zeros(len(blocks), dtype=torch.float64)
        for share, name, color in zip(shares.T, names, colors, strict=True):
            axes.bar(list(blocks), share.numpy(), bottom=bottom.numpy(), color=color, label=name)
            bottom += share
        axes.set(title=title, xlabel="block", xticks=list(blocks))
    panels[0].set_ylabel("share of the weights")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    plt.show()

# %% [markdown] exercise="weights.histogram"
# A large model is read from its file one tensor at a time, because all of them do not fit into
# memory. A histogram needs no more than that: counts in the same bins can be added, so keep the
# counts and let each tensor go. For GPT-2 that is a few hundred numbers in place of 85 million.
#
# **By hand.** The edges 0, 1, 2 make two bins, [0, 1) and [1, 2], and there are two tensors:
#
# | tensor | values | in [0, 1) | in [1, 2] | not counted |
# |:--|:--|--:|--:|:--|
# | first | 0.0, 0.5, 1.0 | 2 | 1 | |
# | second | 2.0, -0.5, 1.5, 3.0 | 0 | 2 | -0.5, 3.0 |
# | together | | **2** | **3** | |
#
# A weight on an inner edge (1.0) belongs to the bin above it. Only the last bin holds its right
# edge as well (2.0).


# %% answer="weights.histogram"
def streaming_histogram(tensors: Iterable[torch.Tensor], edges: torch.Tensor) -> torch.Tensor:
    """Counts of the entries of all tensors between the edges.

    tensors: a list, or an iterator that gives each tensor once; finite numbers, of any shapes and
        strides, float32, float16 or bfloat16, also mixed; perhaps none, perhaps more numbers in
        all than the 2**24 up to which float32 counts. They must not be changed, and neither joined
        nor kept in a list: hold one at a time.
    edges: float64 tensor of shape (bins + 1,), strictly increasing, at any distances, finite; at
        least two of them; must not be changed.

    Returns an int64 tensor of shape (bins,). Bin i counts edges[i] <= w < edges[i + 1], the last
    bin its right edge too; other entries are left out. Weights are compared with the edges in
    float64. All this is what `numpy.histogram` does for one tensor; you may call it.
    """
    ### BEGIN SOLUTION
    bins = len(edges) - 1
    counts = torch.zeros(bins, dtype=torch.int64)
    for tensor in tensors:
        values = tensor.double().flatten()
        values = values[(values >= edges[0]) & (values <= edges[-1])]
        # The number of edges at or below a value, less one, is its bin; the last edge makes one
        # bin too many, so what lies on it goes back by one.
        place = torch.bucketize(values, edges, right=True) - 1
        counts += torch.bincount(place.clamp(max=bins - 1), minlength=bins)
    return counts
    ### END SOLUTION


# %% check="weights.histogram"
checks.check("weights.histogram", streaming_histogram)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Solve it for one tensor, then add the counts of all. Which bin does one value belong to? As many
# bins begin at or below it as there are edges at or below it.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `torch.bucketize` finds places among sorted edges; read what its argument `right` says about
# equality, and give it values of the type of the edges. `torch.bincount` with `minlength` counts
# places. Or call `numpy.histogram` on each tensor: it knows no bfloat16, so convert first.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. start with `bins` zeros of type int64
# 2. for each tensor: flatten it in float64 and leave out what is outside the edges
# 3. find the places with `right=True`, less one; what lies on the last edge belongs to the last bin
# 4. count the places and add them up
#
# </details>

# %% grade="weights.histogram"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("weights.histogram", globals().get("streaming_histogram"), seed=seed)

# %% [markdown]
# ### What you built
# All prunable weights of the small GPT-2, one matrix at a time, and a normal density of the same
# mean and standard deviation. On a log scale that density is a parabola: look at the ends.

# %%
if checks.works("weights.histogram", streaming_histogram):
    model, _, spec = load_model("gpt2")
    layers = prunable_layers(model)
    edges = torch.linspace(-0.6, 0.6, 121, dtype=torch.float64)
    counts = streaming_histogram((layer.weight.detach() for layer in layers), edges)
    # Sums can be added as well, so mean and variance need no row of all weights either.
    total = sum(layer.weight.numel() for layer in layers)
    mean = sum(layer.weight.detach().double().sum() for layer in layers) / total
    squares = sum((layer.weight.detach().double() - mean).square().sum() for layer in layers)
    centres = (edges[1:] + edges[:-1]) / 2
    bell = torch.distributions.Normal(mean, (squares / total).sqrt()).log_prob(centres).exp()
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    axes.stairs(counts.numpy(), edges.numpy(), fill=True, color="tab:blue", label=spec.title)
    expected = bell * total * edges.diff()
    axes.plot(centres.numpy(), expected.numpy(), color="black", linestyle="--", label="normal")
    axes.set(title="Heavier at both ends", xlabel="w", ylabel="number of weights", yscale="log")
    axes.set_ylim(0.5, 1e6)
    axes.legend()
    plt.show()

# %% [markdown] exercise="weights.kurtosis"
# "The tails look heavy" is an impression. Its number is the excess kurtosis: the mean 4th power of
# the deviations from the mean, divided by the square of their mean 2nd power, minus 3. The 4th
# power gives the far ones a loud voice. A normal distribution has 0, one with heavier tails more;
# the least there is, -2, belongs to two values that are equally frequent.
#
# **By hand.** Five weights with the mean 2:
#
# | w | 1 | 1 | 1 | 1 | 6 | mean |
# |:--|--:|--:|--:|--:|--:|--:|
# | deviation | -1 | -1 | -1 | -1 | 4 | 0 |
# | squared | 1 | 1 | 1 | 1 | 16 | 4 |
# | 4th power | 1 | 1 | 1 | 1 | 256 | 52 |
#
# The excess kurtosis is 52 / 4² - 3 = 0.25. The variance 4 is the sum of squares divided by n = 5,
# not by n - 1.


# %% answer="weights.kurtosis"
def excess_kurtosis(weight: torch.Tensor) -> float:
    """Fourth standardised moment of all entries, minus 3.

    weight: finite numbers, of any size, shape and strides, float32, float16 or bfloat16; must not
        be changed.

    Returns a float: mean(d**4) / mean(d**2)**2 - 3, where d is the deviation of an entry from the
    mean of all, computed in float64, the mean too; right to five digits. 0.0 where all entries are
    equal, or where there are none.
    """
    ### BEGIN SOLUTION
    values = weight.double()
    if values.numel() == 0 or values.min() == values.max():
        return 0.0
    squared = (values - values.mean()) ** 2
    return (squared.square().mean() / squared.mean() ** 2).item() - 3
    ### END SOLUTION


# %% check="weights.kurtosis"
checks.check("weights.kurtosis", excess_kurtosis)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Write the two means one after the other, on paper for (1, 1, 1, 1, 6), then in code.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `double()` gives a float64 copy. `mean()` divides by n; `var()` and `std()` divide by n - 1 unless
# you pass `correction=0`.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. convert to float64
# 2. return 0.0 if there is nothing, or if smallest and largest value are equal
# 3. `d = values - values.mean()`
# 4. the mean of `d**4`, divided by the square of the mean of `d**2`, minus 3, as a Python number
#
# </details>

# %% grade="weights.kurtosis"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("weights.kurtosis", globals().get("excess_kurtosis"), seed=seed)

# %% [markdown]
# ### What you built
# On the left the excess kurtosis of each matrix of the small GPT-2, in the middle its standard
# deviation. On the right all weights of a model at once, in a Q-Q plot: the weights in order of
# size against the values that a normal distribution would have at their ranks, with the excess
# kurtosis in the legend. Normal weights lie on the dashed line; heavy tails leave it at both ends.
# Each matrix of GPT-2 alone is nearly normal, all of them together are not: matrices whose weights
# spread differently make heavy tails when they are thrown together.

# %%
if checks.works("weights.kurtosis", excess_kurtosis):
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10, 3.4), layout="constrained")
    model, _, spec = load_model("gpt2")
    layers = prunable_layers(model)
    kinds = dict.fromkeys(layer.name.split(".", 3)[-1] for layer in layers)
    for kind in kinds:
        chosen = [layer for layer in layers if layer.name.endswith(kind)]
        blocks = [layer.block for layer in chosen]
        matrices = [layer.weight.detach() for layer in chosen]
        label = kind.removesuffix(".weight")
        left.plot(blocks, [excess_kurtosis(w) for w in matrices], marker="o", label=label)
        middle.plot(blocks, [w.std().item() for w in matrices], marker="o", label=label)
    left.axhline(0, color="black", linestyle="--")
    left.set(ylabel="excess kurtosis", ylim=(-0.1, 0.2))
    middle.set(ylabel="standard deviation", ylim=(0, None))
    for axes in (left, middle):
        axes.set(title=spec.title, xlabel="block", xticks=sorted({layer.block for layer in layers}))
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=4)
    for key, size in (("roberta", 6), ("gpt2", 3), ("bart", 2)):
        model, _, spec = load_model(key)
        weights = [layer.weight.detach().flatten() for layer in prunable_layers(model)]
        weights = torch.cat(weights).double()
        label = f"{spec.title}: {excess_kurtosis(weights):.2f}"
        weights = ((weights - weights.mean()) / weights.std()).sort().values
        # Points at equal distances along the axis: even ranks would leave two for the tails.
        normal = torch.linspace(-4.5, 4.5, 61, dtype=torch.float64)
        found = weights[(torch.special.ndtr(normal) * len(weights)).long()]
        right.plot(normal.numpy(), found.numpy(), ".", markersize=size, label=label)
    right.axline((0, 0), slope=1, color="black", linestyle="--")
    right.set(title="Q-Q plot of all weights", xlabel="normal", ylabel="standardised weights")
    right.legend(fontsize="small", title="excess kurtosis")
    plt.show()

# %% [markdown] exercise="weights.reading"
# A picture shows more than its caption says, and less than one would like to see in it. Answer in
# 100 to 200 words: what do the distributions of the three small models have in common, where do
# they differ, and what do you expect to happen to the matrices and blocks when the smallest
# weights of the whole model are pruned? Say also what these pictures cannot tell you. Quote
# numbers from the outputs above, and name the model that each belongs to. A person reads your
# answer; points are given as follows.

# %% [markdown] written="weights.reading"
# ### BEGIN SOLUTION
# All three distributions have one peak at zero and are almost symmetric, so most weights are small
# in comparison with the few large ones: 86% of those of the mini GPT-2 are below 0.1, 76% of the
# mini RoBERTa, 77% of the mini BART. Their tails differ: the excess kurtosis is 1.12 in GPT-2, 0.05
# in RoBERTa, 0.01 in BART, and only GPT-2 leaves the line of the Q-Q plot. Yet each of its matrices
# alone is close to normal, at 0.15 or less: matrices of two widths are thrown together, with
# standard deviations of about 0.085 and 0.037.
#
# One global threshold removes most from the matrices with the smallest spread, in GPT-2 the c_proj
# of attention and MLP. Each block has both kinds, and the bands of the blocks look alike, so the
# blocks lose about the same; in BART the decoder a little more than the encoder.
#
# The pictures say nothing about whether a small weight matters: that depends on the inputs that it
# is multiplied with and on the layers after it. Nor do small models that were trained for minutes
# say how the published ones are distributed.
# ### END SOLUTION

# %% [markdown]
# ### Before you hand in
# Restart the kernel and run all cells: what counts is what the notebook does from top to bottom.
# In a terminal, `labkit check` with the path of the saved notebook runs it that way and adds up the
# points.
