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
# to read where it recognises the mistake. Grading runs the same check on other inputs. Compute the
# answers yourself: calls into `labkit`, `sklearn` or `evaluate` earn no points. The exercises do
# not need each other; begin where you like.

# %%
import matplotlib.pyplot as plt
import torch
from torch import nn

from labkit import checks, load_model, load_mrpc

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

    rows: lists of token ids, of different lengths; there may be no rows, and rows without tokens.
        They must not be changed.
    pad_id: id of the padding, any id; it may occur in the rows as a token.

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

    predictions, labels: int64 tensors of shape (pairs,), of 0 and 1; there may be no pairs. They
        must not be changed.

    Returns (accuracy, f1), two numbers from 0 to 1. Each is 0.0 where there is nothing to divide
    by: both without pairs, F1 where no pair is called 1 or no pair is 1.
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

    model: called as model(input_ids=..., attention_mask=...), it returns an object whose `.logits`
        are a float32 tensor of shape (rows, 2). Its weights must not be changed.
    batches: dicts of int64 tensors: "input_ids" and "attention_mask" of shape (rows, tokens) and
        "labels" of shape (rows,), 0 or 1. Batches may differ in size; there may be none. They must
        not be changed.

    Returns {"loss": ..., "accuracy": ...}, in this order: the mean cross-entropy and the share of
    examples whose label has the larger logit, both over the examples of all batches together, and
    both 0.0 without batches. The model runs in evaluation mode and without gradients; afterwards it
    is in the mode (`model.training`) in which it came.
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
def encode(tokenizer, pairs: list[tuple[str, str]], max_length: int) -> list[list[int]]:
    """Token ids of sentence pairs, one row for each pair.

    tokenizer: a tokenizer of transformers, such as `load_model` returns.
    pairs: tuples of a first and a second sentence, neither empty; there may be no pairs. They must
        not be changed.
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
# The arguments `truncation` and `max_length` do the cutting. The result holds several things by
# name; the rows of ids are at `"input_ids"`.
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

# %% [markdown]
# ### Before you hand in
# Restart the kernel and run all cells: what counts is what the notebook does from top to bottom.
