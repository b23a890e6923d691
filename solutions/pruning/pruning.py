# %% [markdown] overview="pruning"
# # Lab: pruning
#
# Most weights of a language model can be set to zero. This lab decides which ones: the smallest
# in absolute value, an exact number of them.
#
# **You will learn** to write masks with an exact count, of one tensor and of all layers together,
# to break ties so that two runs agree, to put masks on a copy of a model, to say which sparsity was
# reached and of what, to prune to several sparsities without one spoiling the next, to raise the
# sparsity during training, and to count what each layer pays under one threshold for all and under
# the same fraction for each.
#
# **You need** this notebook and `labkit` installed; PyTorch modules, indexing and sorting; no
# network and no GPU. The pictures use the small models that come with `labkit`.
#
# **How it works.** Fill in the cell of each exercise and run the check below it as often as you
# like. It tries your function on several inputs, prints a line for each property, and says what
# to read where it recognises the mistake. Grading runs the same check on other inputs. A call of
# your function may compute for 5 seconds; most need far less than one. Compute the answers
# yourself: each exercise says what it does not allow, and a call into that earns no points.
# Let your functions print nothing, which costs points too. The exercises do not need each other;
# begin where you like.
#
# Three words are used in the same sense throughout: **sparsity** is the fraction of zeros, from 0
# to 1; a **mask** is True where a weight is kept; a **layer** is one weight tensor with its name,
# such as a matrix of a block, and not the whole block. A tensor of **any shape** may have no
# dimension or no entries. Numbers and containers count by what they hold: a NumPy number or a
# fraction will do for a float, a named tuple for a tuple.

# %%
import copy

import matplotlib.pyplot as plt
import torch
from torch import nn

from labkit import checks, load_model, prunable_layers

# %% [markdown] exercise="pruning.magnitude_mask"
# A weight near zero changes the output of its layer little, so magnitude pruning removes the
# weights with the smallest |w| first. How many? Exactly `round(sparsity * weight.numel())`, with
# Python's `round`, which takes a half to the even number: 2.5 to 2, and 3.5 to 4. A mask with one
# zero too many looks harmless, until you compare two models "at the same sparsity".
#
# **By hand.** Take four weights and sparsity 0.5, so `round(0.5 * 4) = 2` zeros:
#
# | flat index | 0 | 1 | 2 | 3 |
# |:--|--:|--:|--:|--:|
# | w | 0.3 | -0.9 | -0.2 | 0.3 |
# | absolute value | 0.3 | 0.9 | 0.2 | 0.3 |
# | order of pruning | 2nd | 4th | 1st | 3rd |
# | mask | False | True | False | True |
#
# The weights at index 0 and 3 tie. The lower index is pruned first, so index 0 goes and index 3
# stays.


# %% answer="pruning.magnitude_mask"
def magnitude_mask(weight: torch.Tensor, sparsity: float) -> torch.Tensor:
    """Mask that prunes the smallest |w| of one tensor.

    weight: finite numbers, any shape and strides, float32, float16 or bfloat16; must not be
        changed.
    sparsity: fraction of zeros, from 0 to 1.

    Returns a bool tensor of the shape and on the device of `weight`, True where a weight is kept.
    Exactly round(sparsity * weight.numel()) entries are False; of equal |w| the one with the
    lower flat index (row by row) is pruned first.
    """
    ### BEGIN SOLUTION
    pruned = round(sparsity * weight.numel())
    # Only a stable sort keeps equal values in the order of their index.
    order = weight.abs().flatten().argsort(stable=True)
    mask = torch.ones(weight.numel(), dtype=torch.bool, device=weight.device)
    mask[order[:pruned]] = False
    return mask.reshape(weight.shape)
    ### END SOLUTION


# %% check="pruning.magnitude_mask"
checks.check("pruning.magnitude_mask", magnitude_mask)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Which weights go is a question of rank, not of a threshold: put the weights in order of |w| and
# take the first `k`.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `weight.abs().flatten()` is one row of numbers in the order of the flat index, whatever the
# strides. `argsort` returns indices; read what its argument `stable` promises about equal values.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. `k = round(sparsity * weight.numel())`
# 2. the indices of the flattened |w| in ascending, stable order
# 3. a flat mask of True with `weight.numel()` entries; set it to False at the first `k` indices
# 4. back to the shape of `weight`
#
# </details>

# %% grade="pruning.magnitude_mask"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("pruning.magnitude_mask", globals().get("magnitude_mask"), seed=seed)

# %% [markdown]
# ### What you built
# Weights of a trained layer look much like a bell. The picture shows where the mask cuts.

# %%
if checks.works("pruning.magnitude_mask", magnitude_mask):
    weight = 0.05 * torch.randn(64, 256, generator=torch.Generator().manual_seed(0))
    mask = magnitude_mask(weight, 0.8)
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    axes.hist(
        [weight[~mask].numpy(), weight[mask].numpy()],
        bins=80,
        stacked=True,
        color=["0.75", "tab:blue"],
        label=["pruned", "kept"],
    )
    axes.set(title="Sparsity 0.8 keeps the tails", xlabel="w", ylabel="number of weights")
    axes.legend()
    plt.show()

# %% [markdown] exercise="pruning.global_threshold"
# Layers differ: in some most weights are tiny, in others few are. Pruning the same fraction of
# each layer removes large weights from one and keeps small ones in another. Global pruning ranks
# the weights of **all** layers together; only the total is fixed, and each layer gets the
# sparsity that falls to it.
#
# **By hand.** Two layers of three weights and sparsity 0.5, so `round(0.5 * 6) = 3` zeros in all:
#
# | layer | w | mask | zeros |
# |:--|:--|:--|--:|
# | `block.2` | 0.1, -0.2, 0.3 | False, False, True | 2 of 3 |
# | `block.10` | -0.3, 2.0, 0.25 | True, True, False | 1 of 3 |
#
# The three smallest |w| are 0.1, 0.2 and 0.25. With one more zero the tie between 0.3 in
# `block.2` and -0.3 in `block.10` would matter: the layer that comes first in the dictionary is
# pruned first.


# %% answer="pruning.global_threshold"
def global_masks(weights: dict[str, torch.Tensor], sparsity: float) -> dict[str, torch.Tensor]:
    """Masks that prune the smallest |w| of all tensors together.

    weights: tensors of finite numbers by name, of any shapes and strides, float32, float16 or
        bfloat16, also mixed, all on one device; perhaps none. Each counts, also where two are one
        tensor or lie in one memory. Neither the dictionary nor the tensors must be changed.
    sparsity: fraction of zeros over all tensors together, from 0 to 1.

    Returns a dictionary with the same names in the same order: bool tensors of the shapes and on
    the device of `weights`, True where a weight is kept. Exactly round(sparsity * total) entries
    are False, total being the number of weights in all tensors; of equal |w| the one in the
    earlier tensor, and there the one with the lower flat index, is pruned first.
    """
    ### BEGIN SOLUTION
    if not weights:
        return {}
    # One row of all weights, in the order that decides ties: one tensor is all there is to prune.
    together = torch.cat([weight.abs().flatten() for weight in weights.values()])
    keep = torch.ones(together.numel(), dtype=torch.bool, device=together.device)
    keep[together.argsort(stable=True)[: round(sparsity * together.numel())]] = False
    parts = keep.split([weight.numel() for weight in weights.values()])
    return {
        name: part.reshape(weight.shape)
        for (name, weight), part in zip(weights.items(), parts, strict=True)
    }
    ### END SOLUTION


# %% check="pruning.global_threshold"
checks.check("pruning.global_threshold", global_masks)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# You have solved it for one tensor. Make one tensor of all of them.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `torch.cat` joins flattened tensors, in the order of the dictionary. `Tensor.split` with a list
# of sizes takes the result apart again. `torch.cat` refuses an empty list.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. join the flattened |w| of all tensors; return an empty dictionary if there are none
# 2. mark the `round(sparsity * total)` smallest, stable as before, in one flat mask
# 3. split the mask by `numel()` of each tensor
# 4. give each part its shape and its name
#
# </details>

# %% grade="pruning.global_threshold"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("pruning.global_threshold", globals().get("global_masks"), seed=seed)

# %% [markdown]
# ### What you built
# Four layers whose weights spread differently, pruned to 0.8 over all.

# %%
if checks.works("pruning.global_threshold", global_masks):
    generator = torch.Generator().manual_seed(0)
    layers = {
        f"block.{block}": spread * torch.randn(64, 64, generator=generator)
        for block, spread in enumerate((0.02, 0.04, 0.06, 0.1))
    }
    masks = global_masks(layers, 0.8)
    shares = [float((~mask).float().mean()) for mask in masks.values()]
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    axes.bar(list(masks), shares, color="tab:blue")
    axes.axhline(0.8, color="black", linestyle="--", label="all layers together")
    axes.set(title="One threshold, four sparsities", ylabel="sparsity", ylim=(0, 1))
    axes.legend(loc="lower left")
    plt.show()

# %% [markdown] exercise="pruning.apply"
# Masks say which weights go; now a model has to lose them. The dense model is needed again, for the
# next sparsity and for the comparison, so the zeros go into a **copy**. That copy has to stay a
# model that can be trained and saved: its parameters remain parameters, and names that stand for
# one tensor, as those of the embedding and the head of GPT-2 do, still do so afterwards. Such names
# are called *tied*; this has nothing to do with ties between equal |w|.
#
# **By hand.** Four weights with their mask. Multiplying by the mask looks right, until a weight is
# not a number:
#
# | w | 0.5 | -1.5 | NaN | 2.0 |
# |:--|--:|--:|--:|--:|
# | mask | True | False | False | True |
# | w times mask | 0.5 | -0.0 | NaN | 2.0 |
# | what is wanted | 0.5 | 0.0 | 0.0 | 2.0 |
#
# A pruned weight is a zero, whatever stood there before.


# %% answer="pruning.apply"
def apply_masks(model: nn.Module, masks: dict[str, torch.Tensor]) -> nn.Module:
    """A copy of a model whose named weights are zero where their mask is False.

    model: any module, in any mode, with parameters of any floating-point dtype, shape and strides,
        each in a memory of its own, perhaps with gradients; must not be changed, nor lose them.
    masks: bool tensors by name, perhaps none. A name is one of `model.named_parameters()`, and the
        mask has the shape of that parameter, with any strides. True where a weight is kept.

    Returns a deep copy of `model`, of the same type, that shares no memory with it. Where a mask is
    False the weight is +0.0, whatever it was (NaN, inf and -0.0 too); all other entries of all
    parameters and buffers are as in `model`. Parameters stay parameters of the same dtype and
    require gradients if they did before; names that share one parameter in `model` share one in the
    copy. Each module is in training or in evaluation mode as before, and has no new hooks.
    """
    ### BEGIN SOLUTION
    pruned = copy.deepcopy(model)
    # Autograd refuses changes in place to parameters that require gradients.
    with torch.no_grad():
        for name, mask in masks.items():
            pruned.get_parameter(name).masked_fill_(~mask, 0.0)
    return pruned
    ### END SOLUTION


# %% check="pruning.apply"
checks.check("pruning.apply", apply_masks)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Copy the whole model once, then change values inside the copy's own parameters. A parameter that
# stays the same object keeps all its names and requires gradients as before.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `copy.deepcopy` copies a module and keeps tied names tied. `get_parameter` finds a parameter by
# name. `masked_fill_`, with an underscore, writes into the tensor; where does it write, at True or
# at False? Inside `torch.no_grad()` a parameter may be changed in place.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. a deep copy of the model
# 2. inside `torch.no_grad()`, for each name and mask: the copy's parameter of that name
# 3. fill it with 0.0 where `~mask` is True
# 4. return the copy
#
# </details>

# %% grade="pruning.apply"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("pruning.apply", globals().get("apply_masks"), seed=seed)

# %% [markdown]
# ### What you built
# Your two functions prune a whole model. The corner of one matrix of the small GPT-2, before and
# after.

# %%
if checks.works("pruning.apply", apply_masks) and checks.works(
    "pruning.global_threshold", global_masks
):
    model, _, spec = load_model("gpt2")
    layers = prunable_layers(model)
    masks = global_masks({layer.name: layer.weight.detach() for layer in layers}, 0.9)
    pruned = apply_masks(model, masks)
    figure, axes = plt.subplots(1, 2, figsize=(7, 3.2), layout="constrained")
    for axis, title, each in zip(axes, ("dense", "sparsity 0.9"), (model, pruned), strict=True):
        weight = each.get_parameter(layers[0].name).detach()[:96, :96]
        limit = float(weight.abs().max())
        image = axis.imshow(weight.numpy(), cmap="RdBu", vmin=-limit, vmax=limit)
        axis.set(title=title, xticks=[], yticks=[])
    figure.suptitle(f"{spec.title}, {layers[0].name}", fontsize="medium")
    figure.colorbar(image, ax=axes, label="w")
    plt.show()

# %% [markdown]
# PyTorch has a function for this: `prune.global_unstructured` hangs a mask on each layer, and
# `prune.remove` makes the zeros final. It changes the model that it is given, so it gets a copy.
# Does it prune the same weights as you do?

# %%
if checks.works("pruning.apply", apply_masks) and checks.works(
    "pruning.global_threshold", global_masks
):
    from torch.nn.utils import prune

    theirs = copy.deepcopy(model)
    modules = [theirs.get_submodule(layer.name.removesuffix(".weight")) for layer in layers]
    targets = [(module, "weight") for module in modules]
    prune.global_unstructured(targets, pruning_method=prune.L1Unstructured, amount=0.9)
    for module, name in targets:
        prune.remove(module, name)
    same = all(
        torch.equal(theirs.get_parameter(name), mine) for name, mine in pruned.named_parameters()
    )
    print("the same weights as PyTorch" if same else "other weights than PyTorch")

# %% [markdown] exercise="pruning.achieved"
# "Pruned to 90 %" says little until one knows: 90 % of what? Only the matrices of the blocks were
# pruned, the embeddings and biases stay as they are, and one layer lost more than another. A report
# of a pruned model gives three things: the sparsity of each pruned layer, of all of them together,
# and of the whole model. Measure it, do not repeat what was asked for.
#
# **By hand.** A model with three parameters, of which two were pruned:
#
# | name | zeros | weights | sparsity |
# |:--|--:|--:|--:|
# | `up.weight` | 6 | 8 | 0.75 |
# | `down.weight` | 1 | 2 | 0.5 |
# | `down.bias` | 1 | 10 | not asked for |
# | the named ones together, `"prunable"` | 7 | 10 | 0.7 |
# | all parameters, `"all"` | 8 | 20 | 0.4 |
#
# The mean of 0.75 and 0.5 is 0.625: it takes a layer of two weights for as much as one of eight.


# %% answer="pruning.achieved"
def achieved_sparsity(model: nn.Module, names: list[str]) -> dict[str, float]:
    """Share of zeros in each named weight, in all of them together and in the whole model.

    model: any module, in any mode, with parameters of any floating-point dtype, frozen ones too;
        must not be changed.
    names: names of the pruned weights, as in `model.named_parameters()`, each once; perhaps none.

    Returns a dictionary of numbers from 0 to 1: first each of `names`, in that order, with the
    sparsity of that weight; then "prunable", the zeros of all named weights over their number of
    entries; then "all", the same for all parameters of the model, named or not. A parameter that
    has two names in the model counts once; two parameters count twice, also where they are equal or
    lie in one memory; buffers do not count. 0.0 and -0.0 are zeros, tiny
    numbers are not. Where there are no entries the sparsity is 0.0.
    """
    ### BEGIN SOLUTION
    zeros, sizes = {}, {}
    # named_parameters() lists a tied parameter once, and no buffers.
    for name, parameter in model.named_parameters():
        zeros[name] = (parameter == 0).sum().item()
        sizes[name] = parameter.numel()

    def share(chosen: list[str]) -> float:
        total = sum(sizes[name] for name in chosen)
        return sum(zeros[name] for name in chosen) / total if total else 0.0

    shares = {name: share([name]) for name in names}
    return shares | {"prunable": share(names), "all": share(list(zeros))}
    ### END SOLUTION


# %% check="pruning.achieved"
checks.check("pruning.achieved", achieved_sparsity)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Two counts for each parameter are enough: its zeros and its entries. All the shares follow from
# sums of these.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `(parameter == 0).sum().item()` counts zeros, `numel()` counts entries. What do
# `named_parameters()` and `state_dict()` do with a tied weight, and with a buffer?
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. count the zeros and the entries of each of `model.named_parameters()`
# 2. a helper that takes some names and divides the sum of their zeros by the sum of their entries,
#    or returns 0.0 where that is 0
# 3. call it for each name alone, for all names, and for all parameters
#
# </details>

# %% grade="pruning.achieved"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("pruning.achieved", globals().get("achieved_sparsity"), seed=seed)

# %% [markdown]
# ### What you built
# The small models, all pruned to the same sparsity. How much of the whole model is zero depends on
# how much of it stands in the blocks.

# %%
if checks.works("pruning.achieved", achieved_sparsity):
    figure, axes = plt.subplots(figsize=(6, 2.6), layout="constrained")
    for row, key in enumerate(("roberta", "gpt2", "bart")):
        model, _, spec = load_model(key)
        layers = prunable_layers(model)
        # A threshold will do for a picture: a tie more or less is not to be seen.
        limit = torch.cat([layer.weight.detach().abs().flatten() for layer in layers])
        limit = limit.kthvalue(round(0.9 * len(limit))).values
        for layer in layers:
            layer.weight.data[layer.weight.abs() <= limit] = 0.0
        reached = achieved_sparsity(model, [layer.name for layer in layers])
        for offset, what, color in ((-0.2, "prunable", "tab:blue"), (0.2, "all", "0.6")):
            label = what if row == 0 else None
            axes.barh(row + offset, reached[what], height=0.4, color=color, label=label)
        axes.text(0.01, row - 0.2, spec.title, color="white", va="center", fontsize="small")
    axes.invert_yaxis()
    axes.set(title="Pruned to 0.9", xlabel="sparsity", yticks=[], xlim=(0, 1))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    plt.show()

# %% [markdown] exercise="pruning.sweep"
# A study compares several sparsities of one model: 10 %, 50 %, 90 %. Each has to start from the
# **dense** weights. Pruning the pruned weights again goes wrong in two ways: a weight that went at
# one level cannot come back at a lower one, and where a level is taken as a share of the weights
# that are left, 50 % and another 50 % make 75 % zeros. The order of the levels must make no
# difference.
#
# **By hand.** One layer of four weights and the levels 0.5, 0.25 and 0.75:
#
# | level | zeros | from the dense weights | again, a share of all | again, a share of the rest |
# |:--|--:|:--|:--|:--|
# | dense | 0 | 0.1, -0.4, 0.2, 0.3 | 0.1, -0.4, 0.2, 0.3 | 0.1, -0.4, 0.2, 0.3 |
# | 0.5 | 2 | 0, -0.4, 0, 0.3 | 0, -0.4, 0, 0.3 | 0, -0.4, 0, 0.3 |
# | 0.25 | 1 | 0, -0.4, 0.2, 0.3 | 0, -0.4, 0, 0.3 | 0, -0.4, 0, 0.3 |
# | 0.75 | 3 | 0, -0.4, 0, 0 | 0, -0.4, 0, 0 | 0, 0, 0, 0 |
#
# What is wanted stands under "from the dense weights". Pruned again by a share of all, level 0.25
# has two zeros and not one; by a share of the rest, level 0.75 adds `round(0.75 * 2)` zeros to the
# two that are there, which makes four.


# %% answer="pruning.sweep"
def sweep(weights: dict[str, torch.Tensor], levels: list[float]) -> list[dict[str, torch.Tensor]]:
    """Copies of the weights, pruned to each of several sparsities.

    weights: tensors of finite numbers by name, of any shapes and strides, float32, float16 or
        bfloat16, also mixed, all on one device; perhaps none. Each counts, also where two are one
        tensor or lie in one memory. Neither the dictionary nor the tensors must be changed.
    levels: sparsities from 0 to 1 in any order, some perhaps more than once; perhaps none.

    Returns a list with one dictionary for each level, in the order of `levels`: the names of
    `weights` in their order, and tensors of the same shapes and dtypes, in which the
    round(level * total) smallest |w| of the dense weights are zero (0.0 or -0.0) and all others as
    they were.
    total is the number of weights in all tensors; of equal |w| the one in the earlier tensor, and
    there the one with the lower flat index, is pruned first. No result shares memory with another
    one or with `weights`.
    """
    ### BEGIN SOLUTION
    sizes = [weight.numel() for weight in weights.values()]
    rows = [weight.abs().flatten() for weight in weights.values()]
    # The order of pruning is that of the dense weights: it is the same at every level.
    order = torch.cat(rows).argsort(stable=True) if rows else torch.zeros(0, dtype=torch.long)
    results = []
    for level in levels:
        keep = torch.ones(len(order), dtype=torch.bool, device=order.device)
        keep[order[: round(level * len(order))]] = False
        parts = keep.split(sizes)
        results.append(
            {
                name: torch.where(part.reshape(weight.shape), weight, 0.0)
                for (name, weight), part in zip(weights.items(), parts, strict=True)
            }
        )
    return results
    ### END SOLUTION


# %% check="pruning.sweep"
checks.check("pruning.sweep", sweep)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Which weights go first depends on the dense weights alone. A level only says how many of them go.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# Sort once, before the loop, as for the global masks. Inside the loop make new tensors:
# `torch.where(mask, weight, 0.0)` gives one, and so does `clone()`.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. join the flattened |w| of all tensors; the stable order of these, or an empty one if there are
#    none
# 2. for each level: a flat mask that is False at the first `round(level * total)` of that order
# 3. cut the mask into the shapes of the weights
# 4. a new dictionary of new tensors with zeros where the mask is False; append it
#
# </details>

# %% grade="pruning.sweep"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("pruning.sweep", globals().get("sweep"), seed=seed)

# %% [markdown]
# ### What you built
# Five levels of a small GPT-2 from the dense weights, and what the same levels come to if each one
# prunes that share of the rest, the weights that the level before has left.

# %%
if checks.works("pruning.sweep", sweep):
    model, _, spec = load_model("gpt2")
    dense = {layer.name: layer.weight.detach() for layer in prunable_layers(model)}
    total = sum(weight.numel() for weight in dense.values())
    levels = [0.1, 0.3, 0.5, 0.7, 0.9]
    reached, compounded, left = [], [], 1.0
    for level, result in zip(levels, sweep(dense, levels), strict=True):
        reached.append(sum(int((weight == 0).sum()) for weight in result.values()) / total)
        left *= 1 - level
        compounded.append(1 - left)
    figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
    axes.plot(levels, compounded, marker="s", color="0.6", label="again, a share of the rest")
    axes.plot(levels, reached, marker="o", color="tab:blue", label="from the dense weights")
    axes.set(title=spec.title, xlabel="level", ylabel="sparsity reached", ylim=(0, 1.02))
    axes.legend()
    plt.show()

# %% [markdown] exercise="pruning.cubic"
# Most weights can go if the rest may adapt: one prunes a little, trains on, prunes some more. This
# is no sweep: the steps are stages of one model, and each goes on from the one before. Still the
# sparsity at a step is that of all weights, those that went earlier included. How much at which
# step? Zhu and Gupta (2017) prune fast at first, while there is plenty that nobody
# misses, and ever more slowly towards the end. With $p$ the part of the ramp that is done,
#
# $$s = s_f + (s_i - s_f)\,(1 - p)^3, \qquad p = \frac{t - t_0}{t_1 - t_0},$$
#
# from the initial sparsity $s_i$ at step $t_0$ to the final $s_f$ at $t_1$. (The paper writes the
# length $t_1 - t_0$ as $n \Delta t$.) The formula is for the ramp only: before and after it the
# sparsity is constant.
#
# **By hand.** From step 10 to step 30, from 0 to 0.8:
#
# | step | p | (1 - p)³ | sparsity |
# |--:|--:|--:|--:|
# | 5 | | | 0 |
# | 10 | 0 | 1 | 0 |
# | 20 | 0.5 | 0.125 | 0.7 |
# | 25 | 0.75 | 0.015625 | 0.7875 |
# | 30 | 1 | 0 | 0.8 |
# | 99 | | | 0.8 |
#
# After half of the steps most of the pruning is done.


# %% answer="pruning.cubic"
def cubic_sparsity(step: int, start: int, end: int, final: float, initial: float = 0.0) -> float:
    """Sparsity at one step of training, by the cubic schedule of Zhu and Gupta (2017).

    step: the step, a whole number from 0 on.
    start, end: steps at which the ramp begins and ends, 0 <= start <= end.
    final, initial: sparsity after and before the ramp, from 0 to 1. Where final is smaller than
        initial the sparsity falls, by the same formula.

    Returns `initial` before `start`, `final` from `end` on (also where start equals end), and
    final + (initial - final) * (1 - (step - start) / (end - start)) ** 3 in between, right to six
    digits.
    """
    ### BEGIN SOLUTION
    if step < start:
        return initial
    # Before the division: start may equal end.
    if step >= end:
        return final
    left = (end - step) / (end - start)
    return final + (initial - final) * left**3
    ### END SOLUTION


# %% check="pruning.cubic"
checks.check("pruning.cubic", cubic_sparsity)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# There are three cases, and the formula is one of them.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# None beyond arithmetic: `**` is the power. Decide the two flat cases first; then there is no
# division by zero left.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. before `start`: `initial`
# 2. at `end` or later: `final`
# 3. else the part that is done, `(step - start) / (end - start)`, and the formula
#
# </details>

# %% grade="pruning.cubic"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("pruning.cubic", globals().get("cubic_sparsity"), seed=seed)

# %% [markdown]
# ### What you built
# The schedule next to a straight line.

# %%
if checks.works("pruning.cubic", cubic_sparsity):
    steps = range(121)
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    axes.plot(steps, [cubic_sparsity(step, 20, 100, 0.9) for step in steps], label="cubic")
    axes.plot([0, 20, 100, 120], [0, 0, 0.9, 0.9], color="0.6", linestyle="--", label="linear")
    axes.set(title="From 0 to 0.9 between steps 20 and 100", xlabel="step", ylabel="sparsity")
    axes.legend()
    plt.show()

# %% [markdown] exercise="pruning.layerwise"
# With one threshold for all layers, a layer of small weights loses more than one of large weights.
# With the same fraction for each layer, all lose alike. Which is better is a question for
# measurements; what each layer pays can be counted beforehand.
#
# **By hand.** Two layers of three weights and sparsity 0.5. Together `round(0.5 * 6) = 3` weights
# go, in each layer alone `round(0.5 * 3) = 2`, since Python's `round` takes 1.5 to 2:
#
# | layer | w | zeros, global | zeros, layerwise | the answer |
# |:--|:--|--:|--:|:--|
# | `block.2` | 0.1, -0.2, 0.3 | 3 of 3 | 2 of 3 | (1.0, 0.667) |
# | `block.10` | -0.5, 2.0, 0.4 | 0 of 3 | 2 of 3 | (0.0, 0.667) |
#
# Layerwise pruning was asked for 0.5 and gave 0.667: in small layers rounding shows. What counts is
# the sparsity that a layer gets.


# %% answer="pruning.layerwise"
def sparsity_by_layer(
    weights: dict[str, torch.Tensor], sparsity: float
) -> dict[str, tuple[float, float]]:
    """Sparsity of each layer under global and under layerwise magnitude pruning.

    weights: tensors of finite numbers by name, of any shapes and strides, float32, float16 or
        bfloat16, also mixed, all on one device; perhaps none. Each counts, also where two are one
        tensor or lie in one memory. Neither the dictionary nor the tensors must be changed.
    sparsity: fraction of zeros that is asked for, from 0 to 1.

    Returns a dictionary with the same names in the same order and pairs (global, layerwise) of
    shares from 0 to 1: the number of weights of that layer that are pruned, over the number of
    its weights; zeros that were there before count as pruned where their rank is among the pruned
    ones, and else not. Global pruning takes the round(sparsity * total) smallest |w| of all tensors
    together, of equal |w| the one in the earlier tensor first; layerwise pruning takes
    round(sparsity * weight.numel()) of each tensor. For a tensor without entries the pair is
    (0.0, 0.0).
    """
    ### BEGIN SOLUTION
    if not weights:
        return {}
    together = torch.cat([weight.abs().flatten() for weight in weights.values()])
    gone = torch.zeros(together.numel(), dtype=torch.bool, device=together.device)
    gone[together.argsort(stable=True)[: round(sparsity * together.numel())]] = True
    sizes = {name: weight.numel() for name, weight in weights.items()}
    result = {}
    for (name, size), part in zip(sizes.items(), gone.split(list(sizes.values())), strict=True):
        counts = (part.sum().item(), round(sparsity * size))
        result[name] = tuple(count / size if size else 0.0 for count in counts)
    return result
    ### END SOLUTION


# %% check="pruning.layerwise"
checks.check("pruning.layerwise", sparsity_by_layer)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# The layerwise half needs no sorting: how many weights of a layer go is known. For the global half
# count in each layer what one threshold for all takes.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# As for the global masks: `torch.cat`, a stable `argsort`, `split`. `part.sum().item()` counts
# what is True.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. a flat bool tensor, True at the `round(sparsity * total)` smallest of all |w|
# 2. split it by the sizes of the layers
# 3. for each layer: the number of True over its size, and `round(sparsity * size)` over its size
# 4. (0.0, 0.0) where the size is 0
#
# </details>

# %% grade="pruning.layerwise"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("pruning.layerwise", globals().get("sparsity_by_layer"), seed=seed)

# %% [markdown]
# ### What you built
# The layers of the small GPT-2 at 0.9, by the kind of matrix. The weights of both `c_proj` spread
# about half as wide as those of the other two kinds, so one threshold takes nearly all of them.

# %%
if checks.works("pruning.layerwise", sparsity_by_layer):
    model, _, spec = load_model("gpt2")
    layers = prunable_layers(model)
    shares = sparsity_by_layer({layer.name: layer.weight.detach() for layer in layers}, 0.9)
    figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
    for kind in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"):
        chosen = [layer for layer in layers if layer.name.endswith(f"{kind}.weight")]
        axes.plot(
            [layer.block for layer in chosen],
            [shares[layer.name][0] for layer in chosen],
            marker="o",
            label=kind,
        )
    alone = [shares[layer.name][1] for layer in layers]
    axes.plot([layer.block for layer in layers], alone, "k--", label="layerwise")
    axes.set(title=f"{spec.title} at 0.9", xlabel="block", ylabel="sparsity")
    axes.set(xticks=sorted({layer.block for layer in layers}))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    plt.show()

# %% [markdown]
# ### Before you hand in
# Restart the kernel and run all cells: what counts is what the notebook does from top to bottom.
# In a terminal, `labkit check` with the path of the saved notebook runs it that way and adds up the
# points.
