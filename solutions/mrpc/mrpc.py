# %% [markdown] overview="mrpc"
# # Lab: MRPC
#
# MRPC asks whether two sentences say the same. A score on it is one number for each model, and one
# number can hide that a pruned model no longer reads. This lab builds the evaluation from its
# parts and then asks how far its numbers can be trusted.
#
# **You will learn** to put sentence pairs of different lengths into one batch, to write the loop
# that evaluates a model, to compute accuracy and F1 from counts, to compare a score with the
# majority baseline and notice a model that has collapsed to one answer, to put a bootstrap
# interval around a score, to compare two models on the same pairs, and why a falling loss can mean
# a model that has given up.
#
# **You need** this notebook and `labkit` installed; PyTorch tensors and modules; no network and
# no GPU. The pictures use the small models and the small corpus that come with `labkit`.
#
# **How it works.** Fill in the cell of each exercise and run the check below it as often as you
# like. It tries your function on several inputs, prints a line for each property, and says what
# to read where it recognises the mistake. Grading runs the same check on other inputs. A call of
# your function may compute for 5 seconds; most need far less than one. Compute the answers
# yourself: each exercise says what it does not allow, and a call into that earns no points.
# Let your functions print nothing, and leave the settings of torch (gradients, default dtype) as
# they were: both cost points too. The exercises do not need each other; begin where you like.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.stats import binomtest
from torch import nn
from transformers import PreTrainedTokenizerBase

from labkit import checks, evaluate_mrpc, load_model, load_mrpc, sweep

# %% [markdown] exercise="mrpc.collate"
# A model takes a batch as one rectangular tensor, but sentence pairs differ in length. Shorter rows
# are filled up on the right with a padding token, and an attention mask tells the model which
# entries are text. Which id the padding has depends on the model: RoBERTa uses 1, and GPT-2 has no
# padding token at all, so its end token serves, which may also stand in the text.
#
# **By hand.** Three rows and `pad_id = 7`; the longest row has three tokens:
#
# | row | `input_ids` | `attention_mask` |
# |:--|:--|:--|
# | `[5, 6, 7]` | 5 6 7 | 1 1 1 |
# | `[8]` | 8 7 7 | 1 0 0 |
# | `[7, 9]` | 7 9 7 | 1 1 0 |
#
# The 7 at the end of the first row and the one at the start of the third are tokens, so their mask
# is 1.


# %% answer="mrpc.collate"
def collate(rows: list[list[int]], pad_id: int) -> dict[str, torch.Tensor]:
    """One batch of rows of token ids, padded on the right.

    rows: lists of token ids, of different lengths; there may be no rows, and rows without tokens,
        but also hundreds of rows and thousands of tokens. They must not be changed.
    pad_id: id of the padding, any id from 0 on; it may occur in the rows as a token. Ids may be
        larger than a float32 or an int32 holds.

    Returns {"input_ids": ..., "attention_mask": ...}, in this order: two int64 tensors of shape
    (number of rows, length of the longest row), which is (0, 0) without rows. A row of input_ids
    holds its tokens first and pad_id after them; attention_mask is 1 at tokens and 0 at padding.
    """
    ### BEGIN SOLUTION
    longest = max((len(row) for row in rows), default=0)
    ids = torch.full((len(rows), longest), pad_id, dtype=torch.int64)
    mask = torch.zeros((len(rows), longest), dtype=torch.int64)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row, dtype=torch.int64)
        # By length: a token of the text may have the id of the padding.
        mask[number, : len(row)] = 1
    return {"input_ids": ids, "attention_mask": mask}
    ### END SOLUTION


# %% check="mrpc.collate"
checks.check("mrpc.collate", collate)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Begin with two full tensors, one of padding and one of zeros, and write each row into its place.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `torch.full` and `torch.zeros` take a `dtype`. `max` takes a `default` for the case without rows.
# A slice such as `mask[i, :n] = 1` fills the start of a row.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. the length of the longest row, 0 if there are no rows
# 2. `input_ids` full of `pad_id` and `attention_mask` full of 0, both int64
# 3. for each row: its tokens into the start of its line, and as many ones into the mask
# 4. both tensors in a dictionary
#
# </details>

# %% grade="mrpc.collate"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("mrpc.collate", globals().get("collate"), seed=seed)

# %% [markdown]
# ### What you built
# How much of a batch is padding depends on which rows share it. Blue is text, white is padding, and
# what is grey lies outside the batch.

# %%
if checks.works("mrpc.collate", collate):
    _, tokenizer, _ = load_model("roberta")
    data = load_mrpc()["validation"][:64]
    token_rows = tokenizer(data["sentence1"], data["sentence2"])["input_ids"]
    orders = {"as they come": token_rows, "by length": sorted(token_rows, key=len)}
    figure, axes = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
    for axis, (title, ordered) in zip(axes, orders.items(), strict=True):
        masks = [
            collate(ordered[first : first + 8], tokenizer.pad_token_id)["attention_mask"]
            for first in range(0, len(ordered), 8)
        ]
        share = 1 - sum(int(mask.sum()) for mask in masks) / sum(mask.numel() for mask in masks)
        picture = torch.full((len(ordered), max(map(len, ordered))), torch.nan)
        for number, mask in enumerate(masks):
            picture[8 * number : 8 * number + len(mask), : mask.shape[1]] = mask
        axis.imshow(picture, cmap="Blues", aspect="auto", interpolation="nearest")
        axis.set(title=f"{title}: {share:.0%} padding", xlabel="position", ylabel="row")
        axis.set_facecolor("0.85")
    plt.show()

# %% [markdown] exercise="mrpc.scores"
# Accuracy is the share of pairs that are classified right. F1 looks at the pairs of class 1,
# paraphrases, alone: it is the harmonic mean of precision (how many of the pairs called 1 are 1)
# and recall (how many of the pairs that are 1 are called so). Both follow from four counts.
#
# **By hand.** Six pairs:
#
# | pair | 0 | 1 | 2 | 3 | 4 | 5 |
# |:--|--:|--:|--:|--:|--:|--:|
# | prediction | 1 | 1 | 1 | 0 | 0 | 1 |
# | label | 1 | 1 | 0 | 0 | 1 | 1 |
# | | tp | tp | fp | tn | fn | tp |
#
# With tp = 3, fp = 1, fn = 1 and tn = 1 the accuracy is (3 + 1) / 6 = 0.667. Precision and recall
# are both 3/4, and F1 = 2 · 3 / (2 · 3 + 1 + 1) = 0.75.


# %% answer="mrpc.scores"
def accuracy_and_f1(predictions: torch.Tensor, labels: torch.Tensor) -> tuple[float, float]:
    """Accuracy and F1 of class 1.

    predictions, labels: int64 tensors of shape (pairs,), of 0 and 1; there may be no pairs, or
        tens of thousands. They must not be changed.

    Returns (accuracy, f1), two numbers from 0 to 1, right to five digits. Both are 0.0 without
    pairs, and F1 is 0.0 where there is no true positive: precision and recall are 0 there, or have
    no denominator.
    """
    ### BEGIN SOLUTION
    true_positive = int(((predictions == 1) & (labels == 1)).sum())
    wrong = int((predictions != labels).sum())
    right = len(labels) - wrong
    accuracy = right / len(labels) if len(labels) else 0.0
    # False positives and false negatives together are all that is wrong.
    below = 2 * true_positive + wrong
    return accuracy, 2 * true_positive / below if below else 0.0
    ### END SOLUTION


# %% check="mrpc.scores"
checks.check("mrpc.scores", accuracy_and_f1)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Count the true positives, the false positives and the false negatives. The rest is division.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `(predictions == 1) & (labels == 0)` is True at the false positives; `.sum()` counts them and
# `int(...)` makes a Python number of the count.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. count tp, fp and fn
# 2. accuracy: the number of equal entries, divided by the number of pairs if there are any
# 3. F1: 2 tp / (2 tp + fp + fn), if that denominator is not 0; written in this way there is only
#    one denominator to look at
#
# </details>

# %% grade="mrpc.scores"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("mrpc.scores", globals().get("accuracy_and_f1"), seed=seed)

# %% [markdown]
# ### What you built
# Answers drawn at random, without a look at the pairs: what do the scores say of a model that calls
# more and more of them paraphrases?

# %%
if checks.works("mrpc.scores", accuracy_and_f1):
    labels = torch.tensor(load_mrpc()["validation"]["label"])
    order = torch.rand(len(labels), generator=torch.Generator().manual_seed(0))
    shares = torch.linspace(0, 1, 41)
    guesses = [accuracy_and_f1((order < share).long(), labels) for share in shares]
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    axes.plot(shares, guesses, label=["accuracy", "F1"])
    axes.set(
        title="Scores of a model that guesses",
        xlabel="share of pairs called 1",
        ylabel="score",
        ylim=(0, 1),
    )
    axes.legend()
    plt.show()

# %% [markdown] exercise="mrpc.evaluate"
# An evaluation runs the model over all batches and averages. Three things go wrong easily: dropout
# stays on, so that two runs differ; the attention mask is not handed on, so that the model reads
# padding; and the means of the batches are averaged, although the last batch is smaller. The loss
# of an example is the cross-entropy: the negative logarithm of the probability that the model gives
# to the label.
#
# **By hand.** Two batches, of three examples and of one:
#
# | batch | losses | right | mean of the batch |
# |:--|:--|:--|--:|
# | 0 | 0.1, 0.2, 0.3 | yes, yes, yes | 0.2 |
# | 1 | 1.4 | no | 1.4 |
#
# The loss is (0.1 + 0.2 + 0.3 + 1.4) / 4 = 0.5 and the accuracy 3/4. The mean of the batches' means
# would give 0.8 and 1/2.


# %% answer="mrpc.evaluate"
def evaluate(model: nn.Module, batches: list[dict[str, torch.Tensor]]) -> dict[str, float]:
    """Mean loss and accuracy of a classifier over all examples.

    model: called as model(input_ids=..., attention_mask=...), itself and not a copy, it returns an
        object whose `.logits` are a float32 tensor of shape (rows, 2), perhaps hundreds apart or by
        the last digit only, but never equal in a row.
        Its weights must not be changed; some may be frozen (`requires_grad` False).
    batches: dicts of int64 tensors: "input_ids" and "attention_mask" of shape (rows, tokens) and
        "labels" of shape (rows,), 0 or 1. Batches may differ in size, perhaps tens of thousands of
        rows, and none of them is empty; there may be no batches. They must not be changed.

    Returns {"loss": ..., "accuracy": ...}, in this order: the mean cross-entropy and the share of
    examples whose label has the larger logit, both over the examples of all batches together, and
    both 0.0 without batches. The model runs in evaluation mode and without gradients; afterwards it
    is in the mode (`model.training`) in which it came, also where there are no batches, and
    gradients are as they were: in torch, where they are on, and for each of its parameters.
    """
    ### BEGIN SOLUTION
    was_training = model.training
    loss, right, count = 0.0, 0, 0
    model.eval()
    with torch.no_grad():
        for batch in batches:
            logits = model(
                input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
            ).logits
            # Sums, not means: a small batch must not count as much as a large one.
            loss += nn.functional.cross_entropy(logits, batch["labels"], reduction="sum").item()
            right += int((logits.argmax(1) == batch["labels"]).sum())
            count += len(logits)
    model.train(was_training)
    return {"loss": loss / max(count, 1), "accuracy": right / max(count, 1)}
    ### END SOLUTION


# %% check="mrpc.evaluate"
checks.check("mrpc.evaluate", evaluate)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Three numbers grow from batch to batch: the sum of the losses, the number of right answers and the
# number of examples.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `nn.functional.cross_entropy` takes logits and labels; look at its argument `reduction`.
# `model.eval()` and `model.train(True or False)` set the mode, `model.training` tells it.
# `torch.no_grad()` is for a `with` block.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. remember `model.training` and call `model.eval()`
# 2. without gradients, for each batch: the logits, the summed loss, the right answers, the rows
# 3. set the mode back
# 4. divide both sums by the number of examples, if there are any
#
# </details>

# %% grade="mrpc.evaluate"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("mrpc.evaluate", globals().get("evaluate"), seed=seed)

# %% [markdown]
# ### What you built
# The three small models on the same pairs of the small corpus, with your loop.

# %%
if checks.works("mrpc.evaluate", evaluate):
    data = load_mrpc()["validation"]
    found = {}
    for key in ("roberta", "gpt2", "bart"):
        model, tokenizer, spec = load_model(key)
        batches = []
        for first in range(0, len(data), 64):
            part = data[first : first + 64]
            batch = tokenizer(
                part["sentence1"], part["sentence2"], padding=True, return_tensors="pt"
            )
            batches.append({**batch, "labels": torch.tensor(part["label"])})
        found[spec.title] = evaluate(model, batches)
    figure, axes = plt.subplots(1, 2, figsize=(7, 2.2), layout="constrained")
    for axis, score in zip(axes, ("loss", "accuracy"), strict=True):
        axis.barh(list(found), [scores[score] for scores in found.values()], color="tab:blue")
        axis.set(xlabel=score, xlim=(0, None if score == "loss" else 1))
    axes[1].set_yticks([])
    plt.show()

# %% [markdown] exercise="mrpc.encode"
# A model reads both sentences of a pair in one row. What stands between and around them depends on
# the model: RoBERTa and BART want `<s>` and `</s>`, GPT-2 wants nothing. The tokenizer of a model
# knows this, if it is given both sentences as a pair. It also cuts a pair that is too long, token
# by token from the sentence that is the longer one at that point, so that both keep something.
#
# **By hand.** A first sentence of five tokens, `a1` to `a5`, and a second one of three, with
# `max_length` 10:
#
# | tokenizer | tokens of the pair | the row |
# |:--|--:|:--|
# | RoBERTa | 5 + 3 + 4 special = 12 | `<s> a1 a2 a3 </s> </s> b1 b2 b3 </s>` |
# | GPT-2 | 5 + 3 = 8 | `a1 a2 a3 a4 a5 b1 b2 b3` |
#
# RoBERTa's row is two tokens too long, and both are taken from the first sentence.


# %% answer="mrpc.encode"
def encode(
    tokenizer: PreTrainedTokenizerBase, pairs: list[tuple[str, str]], max_length: int
) -> list[list[int]]:
    """Token ids of sentence pairs, one row for each pair.

    tokenizer: a tokenizer of transformers, such as `load_model` returns, perhaps with other
        settings (padding token, sides, largest length). They must not be changed.
    pairs: tuples of a first and a second sentence, neither empty, of any characters, spaces and
        capitals, which all count; there may be no pairs. They must not be changed.
    max_length: the most tokens in a row, special tokens included; at least 8.

    Returns a list of lists of token ids: for each pair both sentences in their order, joined by the
    tokenizer with its special tokens. A pair with more than max_length tokens is cut as
    truncation=True does, the longer sentence first. The rows are not padded.
    """
    ### BEGIN SOLUTION
    if not pairs:
        # The tokenizer refuses empty lists.
        return []
    first, second = (list(sentences) for sentences in zip(*pairs, strict=True))
    return tokenizer(first, second, truncation=True, max_length=max_length)["input_ids"]
    ### END SOLUTION


# %% check="mrpc.encode"
checks.check("mrpc.encode", encode)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# A tokenizer is called like a function. It takes a list of first sentences and a list of second
# ones.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# The arguments `truncation` and `max_length` of the call do the cutting; nothing has to be set on
# the tokenizer. The result holds several things by name; the rows of ids are at `"input_ids"`.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. return an empty list if there are no pairs
# 2. make a list of the first and a list of the second sentences
# 3. call the tokenizer on both, with `truncation=True` and `max_length=max_length`
# 4. return its `"input_ids"`
#
# </details>

# %% grade="mrpc.encode"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("mrpc.encode", globals().get("encode"), seed=seed)

# %% [markdown]
# ### What you built
# How long are the pairs of the small corpus, and how many would be cut at 32 tokens?

# %%
if checks.works("mrpc.encode", encode):
    data = load_mrpc()["validation"]
    pairs = list(zip(data["sentence1"], data["sentence2"], strict=True))
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    for key in ("roberta", "gpt2"):
        _, tokenizer, spec = load_model(key)
        lengths = [len(row) for row in encode(tokenizer, pairs, 128)]
        axes.hist(lengths, bins=range(15, 60), histtype="step", linewidth=2, label=spec.title)
    axes.axvline(32, color="black", linestyle="--")
    axes.set(title="Special tokens make a row longer", xlabel="tokens", ylabel="number of pairs")
    axes.legend()
    plt.show()

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

    labels: 0 or 1 for each pair, int64 of shape (n,), of any strides; n may be 0, or some
        millions.
    predictions: what the model says of the same pairs, also 0 or 1, int64 of shape (n,).
        Neither tensor must be changed.

    Returns a dictionary with, in this order:
        majority: accuracy of always answering the most frequent of `labels`; where 0 and 1 are
            equally frequent the answer is the lower one, 0
        majority_f1: F1 of class 1 of that constant answer, which is 0.0 where the answer is 0
        collapsed: True where all predictions are the same (a single one is), False where just one
            of many is another
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
# every pair the same answer. It lies below the line where that is the rarer answer, and a version
# on the line need not have collapsed: the accuracy does not tell.

# %%
if checks.works("mrpc.collapse", baseline):
    model, tokenizer, spec = load_model("gpt2")
    rows = load_mrpc()["validation"]
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    for level, _ in zip(levels := (0.0, 0.5, 0.8, 0.99), sweep(model, levels), strict=True):
        result = evaluate_mrpc(model, tokenizer, rows)
        constant = baseline(torch.tensor(result.labels), torch.tensor(result.predictions))
        mark = "x" if constant["collapsed"] else "o"
        axes.plot(f"{level:.0%}", result.accuracy, mark, color="tab:blue")
    axes.axhline(constant["majority"], color="black", linestyle="--", label="constant answer")
    axes.set(title=spec.title, xlabel="sparsity", ylabel="accuracy", ylim=(0, 1.05))
    axes.legend(loc="lower left")
    plt.show()

# %% [markdown] exercise="mrpc.bootstrap"
# With other pairs the accuracy would have come out a little different. How different? The
# bootstrap answers with the pairs that there are: draw n of them **with replacement**, so that some
# come twice and some not at all, and take the accuracy of this resample. Do it B times. The middle
# 95 % of the B accuracies are the **percentile interval**: it runs from their 2.5 % quantile to
# their 97.5 % quantile.
#
# The draws are handed to your function, so its result is exact: one row of `draws` is one resample.
#
# **By hand.** Four pairs, `correct = [True, True, False, True]`, and three resamples:
#
# | resample | indices drawn | correct | accuracy |
# |:--|:--|:--|--:|
# | 0 | 0, 0, 2, 3 | True, True, False, True | 0.75 |
# | 1 | 2, 2, 1, 2 | False, False, True, False | 0.25 |
# | 2 | 1, 3, 3, 0 | True, True, True, True | 1.00 |
#
# In order: 0.25, 0.75, 1.00, at the positions 0, 1, 2. The 2.5 % quantile is at position
# 0.025 · 2 = 0.05, between the first two: 0.25 + 0.05 · 0.5 = 0.275. The 97.5 % quantile is at
# 0.975 · 2 = 1.95: 0.75 + 0.95 · 0.25 = 0.9875.


# %% answer="mrpc.bootstrap"
def bootstrap_interval(correct: torch.Tensor, draws: torch.Tensor) -> tuple[float, float]:
    """The 95 % percentile interval of an accuracy.

    correct: whether each pair is answered right, bool of shape (n,), n from 1 to some thousands.
    draws: which pairs make up each resample, int64 of shape (B, n), entries from 0 to n - 1, B at
        least 1, perhaps thousands. Both may have any strides, and must not be changed.

    Returns (low, high): the 2.5 % and the 97.5 % quantile of the accuracies of the B resamples,
    as fractions from 0 to 1. Between two resamples a quantile is interpolated linearly, as
    `numpy.quantile` does.
    """
    ### BEGIN SOLUTION
    # Indexing with a matrix gives a matrix: one resample in each row.
    accuracies = correct[draws].double().mean(dim=1)
    low, high = np.quantile(accuracies.numpy(), [0.025, 0.975])
    return float(low), float(high)
    ### END SOLUTION


# %% check="mrpc.bootstrap"
checks.check("mrpc.bootstrap", bootstrap_interval)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# One accuracy for each row of `draws` first. What is asked for are two quantiles of these B
# numbers.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `correct[draws]` looks up all resamples at once and has the shape of `draws`. torch averages no
# booleans: make them `double()`. `np.quantile` takes a list of positions from 0 to 1.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. `correct[draws]`, of shape (B, n)
# 2. as float64, its mean along each row (`dim=1`): B accuracies
# 3. their quantiles at 0.025 and 0.975
# 4. both as Python numbers, the lower one first
#
# </details>

# %% grade="mrpc.bootstrap"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("mrpc.bootstrap", globals().get("bootstrap_interval"), seed=seed)

# %% [markdown]
# ### What you built
# The mini RoBERTa at several sparsities. Two accuracies whose bars overlap by much are no evidence
# of a difference; the next exercise asks that question in a better way.

# %%
if checks.works("mrpc.bootstrap", bootstrap_interval):
    model, tokenizer, spec = load_model("roberta")
    rows = load_mrpc()["validation"]
    generator = torch.Generator().manual_seed(0)
    draws = torch.randint(len(rows), (2000, len(rows)), generator=generator)
    levels, scores = (0.0, 0.4, 0.5, 0.6, 0.8), []
    for _ in sweep(model, levels):
        result = evaluate_mrpc(model, tokenizer, rows)
        low, high = bootstrap_interval(torch.tensor(result.predictions == result.labels), draws)
        scores.append((result.accuracy, result.accuracy - low, high - result.accuracy))
    accuracy, below, above = zip(*scores, strict=True)
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    axes.errorbar(levels, accuracy, (below, above), marker="o", capsize=4, label=spec.title)
    axes.axhline(
        result.baselines.majority_accuracy, color="black", linestyle="--", label="constant"
    )
    axes.set(title="95 % intervals", xlabel="sparsity", ylabel="accuracy")
    axes.legend(loc="lower left")
    plt.show()

# %% [markdown] exercise="mrpc.paired"
# Two sparsities of one model answer the **same** pairs. On most of them they agree: both are right
# or both are wrong. Such pairs do not say which model is better. What counts are the discordant
# pairs, where just one of the two is right. If the models were equally good, it would be the first
# or the second by the toss of a fair coin. McNemar's exact test asks how surprising the observed
# split of these pairs would then be.
#
# **By hand.** Ten pairs:
#
# | | second right | second wrong |
# |:--|--:|--:|
# | **first right** | 4 | 1 |
# | **first wrong** | 4 | 1 |
#
# The accuracies are 0.5 and 0.8, so `difference` = 0.8 - 0.5 = 0.3; `only_first` = 1 and
# `only_second` = 4. Five coins show 1 head or fewer with probability (1 + 5) / 2⁵ = 0.1875. A split
# as uneven in the other direction is as likely: `p` = 2 · 0.1875 = 0.375. Three more pairs right of
# ten, and still nothing to be sure of.


# %% answer="mrpc.paired"
def compare(first: torch.Tensor, second: torch.Tensor) -> dict[str, float | int]:
    """Compare two models that answered the same pairs.

    first, second: whether each model is right on each pair, bool of shape (n,), of any strides; n
        may be 0. Neither must be changed.

    Returns a dictionary with, in this order:
        difference: accuracy of the second minus accuracy of the first, as a fraction; 0.0 without
            pairs
        only_first: number of pairs that only the first gets right
        only_second: number of pairs that only the second gets right
        p: exact two-sided p value of McNemar's test: the probability that only_first + only_second
            fair coins fall at least as unevenly, in either direction; at most 1.0, and 1.0 where
            there are no such pairs. There may be hundreds of them
    `scipy.stats.binomtest` may be used.
    """
    ### BEGIN SOLUTION
    only_first = int((first & ~second).sum())
    only_second = int((second & ~first).sum())
    decided = only_first + only_second
    # binomtest takes no empty sample.
    return {
        "difference": (only_second - only_first) / max(len(first), 1),
        "only_first": only_first,
        "only_second": only_second,
        "p": float(binomtest(only_first, decided).pvalue) if decided else 1.0,
    }
    ### END SOLUTION


# %% check="mrpc.paired"
checks.check("mrpc.paired", compare)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Count the two kinds of discordant pairs. With these two numbers and n all four values follow.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `first & ~second` is True where only the first is right. `binomtest(k, n)` from `scipy.stats`
# tests k heads of n fair coins, two-sided unless told otherwise; it refuses n = 0. By hand:
# `math.comb(n, k) / 2**n` is the probability of exactly k heads.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. `only_first` and `only_second`, as whole numbers; `decided` is their sum
# 2. `difference`: what both get right cancels out, so it is `(only_second - only_first) / n`; mind
#    n = 0
# 3. `p` is 1.0 where `decided` is 0; else `binomtest(only_first, decided).pvalue`
#
# </details>

# %% grade="mrpc.paired"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("mrpc.paired", globals().get("compare"), seed=seed)

# %% [markdown]
# ### What you built
# Each sparsity of the mini BART against the dense model: how many pairs are lost, how many are
# won, and how surprising that would be between two equally good models.

# %%
if checks.works("mrpc.paired", compare):
    model, tokenizer, spec = load_model("bart")
    rows = load_mrpc()["validation"]
    levels, right = (0.0, 0.4, 0.5, 0.6), []
    for _ in sweep(model, levels):
        result = evaluate_mrpc(model, tokenizer, rows)
        right.append(torch.tensor(result.predictions == result.labels))
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    for place, other in enumerate(right[1:]):
        found = compare(right[0], other)
        lost, won = -found["only_first"], found["only_second"]
        axes.bar(place, lost, color="tab:red", label=None if place else "only dense is right")
        axes.bar(place, won, color="tab:green", label=None if place else "only pruned is right")
        axes.annotate(f"p = {found['p']:.2g}", (place, won), ha="center", va="bottom")
    axes.set_xticks(range(len(levels) - 1), [f"{level:.0%}" for level in levels[1:]])
    axes.set(title=f"{spec.title}: pruned against dense", xlabel="sparsity", ylabel="pairs")
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_ylim(axes.get_ylim()[0], 2 * axes.get_ylim()[1])
    axes.legend(loc="lower left")
    plt.show()

# %% [markdown] exercise="mrpc.given_up"
# Prune a model further and its loss may **fall**. That looks like an improvement and can be the
# opposite. The loss of one pair is $-\ln p$, with $p$ the probability that the model gives to the
# true label; so being sure and wrong costs much. A half-broken model that is sure of its wrong
# answers has a large loss. Prune it until nothing is left of what it knew, and it says much the
# same of every pair, without being sure of anything: the loss falls towards that of a predictor
# that says one constant probability, and there is no skill any more.
#
# **By hand.** Two pairs, with `prior` 0.7:
#
# | pair | logits | label | p of class 1 | loss | class | larger p | loss of saying 0.7 |
# |:--|:--|--:|--:|--:|--:|--:|--:|
# | 0 | 0, 1.0986 | 1 | 0.75 | -ln 0.75 = 0.2877 | 1 | 0.75 | -ln 0.7 = 0.3567 |
# | 1 | 0, 2.1972 | 0 | 0.90 | -ln 0.10 = 2.3026 | 1 | 0.90 | -ln 0.3 = 1.2040 |
# | **mean** | | | | **1.2951** | | **0.8250** | **0.7803** |
#
# One of two is right, so the accuracy is 0.5. Both pairs get class 1: the model has given up.


# %% answer="mrpc.given_up"
def reading(logits: torch.Tensor, labels: torch.Tensor, prior: float) -> dict[str, float | bool]:
    """What a classifier's outputs say of its loss, its skill and its confidence.

    logits: one row for each pair, float32, float16 or bfloat16 of shape (n, 2), n from 1 to some
        millions, of any strides; compute in float32 or a wider type.
    labels: 0 or 1 for each pair, int64 of shape (n,). Neither tensor must be changed.
    prior: the share of class 1 in training, above 0 and below 1.

    Returns a dictionary with, in this order:
        loss: mean cross-entropy of the pairs in nats; finite also where logits are far apart
        accuracy: share of pairs whose class is right; the class of a pair is that of the larger
            logit, by however little, and 0 where both are equal
        confidence: mean of the larger of the two probabilities of each pair
        prior_loss: mean cross-entropy, on the same labels and in nats, of a predictor that gives
            class 1 the probability `prior` for every pair
        given_up: True where all pairs get the same class (a single one does), False where just one
            of many gets another
    """
    ### BEGIN SOLUTION
    logits = logits.float()
    # log_softmax of the logits stays finite where the softmax would be 0.
    log_probabilities = logits.log_softmax(dim=1)
    classes = (logits[:, 1] > logits[:, 0]).long()
    constant = torch.tensor([1 - prior, prior]).log()
    return {
        "loss": -log_probabilities.gather(1, labels[:, None]).mean().item(),
        "accuracy": (classes == labels).float().mean().item(),
        "confidence": log_probabilities.exp().amax(dim=1).mean().item(),
        "prior_loss": -constant[labels].mean().item(),
        "given_up": len(classes.unique()) == 1,
    }
    ### END SOLUTION


# %% check="mrpc.given_up"
checks.check("mrpc.given_up", reading)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Take the numbers one by one: two losses, two numbers about the classes, one about the
# probabilities. Only the first and the third need the softmax.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `torch.nn.functional.cross_entropy` takes logits (not probabilities) and labels, and averages.
# `softmax(dim=1)` gives the probabilities of each row. `labels` can pick from a tensor of two
# entries: `two[labels]`. `Tensor.unique` lists the values that occur.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. make the logits float32
# 2. `loss`: `cross_entropy(logits, labels)`
# 3. the classes: 1 where the second logit is larger than the first; `accuracy` and `given_up` from
#    them
# 4. `confidence`: the larger probability of each row, then the mean
# 5. `prior_loss`: the mean of -ln(prior) where the label is 1 and of -ln(1 - prior) where it is 0
#
# </details>

# %% grade="mrpc.given_up"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("mrpc.given_up", globals().get("reading"), seed=seed)

# %% [markdown]
# ### What you built
# The mini GPT-2 from dense to almost empty. Follow the loss from its highest point to the right:
# it comes down to that of the constant predictor, and the accuracy gets to about that of the
# constant answer. A cross marks a model that gives all pairs the same class. One that knows
# nothing may still give a few pairs the other class, so read the lines as well.

# %%
if checks.works("mrpc.given_up", reading):
    model, tokenizer, spec = load_model("gpt2")
    rows = load_mrpc()["validation"]
    prior = float(np.mean(load_mrpc()["train"]["label"]))
    levels, found = (0.0, 0.5, 0.7, 0.8, 0.9, 0.99), []
    for _ in sweep(model, levels):
        result = evaluate_mrpc(model, tokenizer, rows)
        found.append(reading(torch.tensor(result.logits), torch.tensor(result.labels), prior))
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(6, 5), sharex=True, layout="constrained")
    top.plot(levels, [one["loss"] for one in found], "o-", label=spec.title)
    top.axhline(found[0]["prior_loss"], color="black", linestyle="--", label="constant")
    top.set(title="The loss falls again", ylabel="loss in nats")
    top.legend(loc="upper left")
    for key, color in (("accuracy", "tab:blue"), ("confidence", "tab:orange")):
        bottom.plot(levels, [one[key] for one in found], "o-", color=color, label=key)
    for level, one in zip(levels, found, strict=True):
        if one["given_up"]:
            bottom.plot(level, one["accuracy"], "kx", markersize=10)
    bottom.axhline(result.baselines.majority_accuracy, color="black", linestyle="--")
    bottom.set(title="The skill does not come back", xlabel="sparsity", ylim=(0, 1.05))
    bottom.legend(loc="lower left")
    plt.show()

# %% [markdown]
# ### Before you hand in
# Restart the kernel and run all cells: what counts is what the notebook does from top to bottom.
# In a terminal, `labkit check` with the path of the saved notebook runs it that way and adds up the
# points.
