# %% [markdown] overview="mrpc"
# # Lab: MRPC

# %%
import matplotlib.pyplot as plt
import torch

from labkit import checks, evaluate_mrpc, load_model, load_mrpc, sweep

# %% [markdown] exercise="mrpc.collapse"
# Is 0.67 a good accuracy? About two thirds of the pairs in MRPC are paraphrases, so always
# answering "paraphrase" gets that accuracy without reading a word, and an F1 that is higher still.
# A model that is pruned far enough often ends there: it gives every pair the same answer. Such a
# model has **collapsed**. The score that it has to beat is that of the constant answer, not 0.5.
#
# **By hand.** Six pairs, four of them paraphrases:
#
# | pair | 0 | 1 | 2 | 3 | 4 | 5 |
# |:--|--:|--:|--:|--:|--:|--:|
# | label | 1 | 0 | 1 | 1 | 0 | 1 |
# | constant answer | 1 | 1 | 1 | 1 | 1 | 1 |
# | prediction | 0 | 0 | 0 | 0 | 0 | 0 |
#
# The most frequent label is 1. Always answering 1 is right in 4 of 6 pairs, so `majority` is 0.667;
# with 4 hits, 2 false alarms and nothing missed `majority_f1` is 2 · 4 / (2 · 4 + 2) = 0.8. All
# predictions are 0: the model has collapsed, though its own accuracy is only 0.333.


# %% answer="mrpc.collapse"
def baseline(labels: torch.Tensor, predictions: torch.Tensor) -> dict[str, float | bool]:
    """What a constant answer scores, and whether the model gives one.

    labels: 0 or 1 for each pair, int64 of shape (n,), of any strides; n may be 0.
    predictions: what the model says of the same pairs, also 0 or 1, int64 of shape (n,).
        Neither tensor must be changed.

    Returns a dictionary with, in this order:
        majority: accuracy of always answering the most frequent of `labels`; where 0 and 1 are
            equally frequent the answer is the lower one, 0
        majority_f1: F1 of class 1 of that constant answer, which is 0.0 where the answer is 0
        collapsed: True where all predictions are the same (a single one is)
    Without pairs it is 0.0, 0.0 and False.
    """
    ### BEGIN SOLUTION
    if labels.numel() == 0:
        return {"majority": 0.0, "majority_f1": 0.0, "collapsed": False}
    ones = labels.sum().item() / labels.numel()
    # F1 is 2 * hits / (2 * hits + wrong): always 1 hits all ones and is wrong on all zeros.
    return {
        "majority": max(ones, 1 - ones),
        "majority_f1": 2 * ones / (1 + ones) if ones > 0.5 else 0.0,
        "collapsed": len(predictions.unique()) == 1,
    }
    ### END SOLUTION


# %% check="mrpc.collapse"
checks.check("mrpc.collapse", baseline)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# The first two numbers need the labels only, the third needs the predictions only.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# With the share of ones among the labels you know which answer is the most frequent and how often
# it is right. `Tensor.unique` lists the values that occur. Deal with no pairs first.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. return the values for no pairs if `labels.numel()` is 0
# 2. `ones = share of labels that are 1`; `majority` is the larger of `ones` and `1 - ones`
# 3. if `ones` is above 0.5 the constant answer is 1: put hits = `ones`, false alarms = `1 - ones`
#    and nothing missed into `F1 = 2 * hits / (2 * hits + false alarms + missed)`; else F1 is 0.0
# 4. `collapsed`: one distinct prediction
#
# </details>

# %% grade="mrpc.collapse"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("mrpc.collapse", globals().get("baseline"), seed=seed)

# %% [markdown]
# ### What you built
# Pruned versions of the mini GPT-2 beside the constant answer. A cross marks a version that gives
# every pair the same answer.

# %%
if checks.works("mrpc.collapse", baseline):
    model, tokenizer, spec = load_model("gpt2")
    rows = load_mrpc()["validation"]
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    for level, _ in zip(levels := (0.0, 0.5, 0.8, 0.9, 0.99), sweep(model, levels), strict=True):
        result = evaluate_mrpc(model, tokenizer, rows)
        constant = baseline(torch.tensor(result.labels), torch.tensor(result.predictions))
        mark = "x" if constant["collapsed"] else "o"
        axes.plot(f"{level:.0%}", result.accuracy, mark, color="tab:blue")
    axes.axhline(constant["majority"], color="black", linestyle="--", label="constant answer")
    axes.set(title=spec.title, xlabel="sparsity", ylabel="accuracy", ylim=(0, 1.05))
    axes.legend(loc="lower left")
    plt.show()

# %% [markdown]
# ### Before you hand in
# Restart the kernel and run all cells: what counts is what the notebook does from top to bottom.
