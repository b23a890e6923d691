# %% [markdown] overview="language"
# # Lab: Language models
#
# A language model gives each token a probability, from the tokens before it. How well it does so
# can be measured on any text, without labels and without fine-tuning, and it can write. This lab
# builds the measures from their parts: the loss of a batch, of a text that is too long for the
# model, perplexity and bits per byte, an interval, a number for what a broken model writes, and a
# comparison of two models on the same documents.
#
# **You will learn** to score each token by what was predicted before it, to count each token of a
# long text once, to turn losses into numbers that can be compared between tokenizers, to put an
# interval around a mean of losses that depend on each other, to measure how far a text repeats
# itself, to compare two models document by document, and to read two curves against each other.
#
# **You need** this notebook and `labkit` installed; PyTorch tensors; no network and no GPU. The
# pictures use the small language models and the small corpus that come with `labkit`.
#
# **How it works.** Fill in the cell of each exercise and run the check below it as often as you
# like. It tries your function on several inputs, prints a line for each property, and says what
# to read where it recognises the mistake. Grading runs the same check on other inputs. A call of
# your function may compute for 5 seconds; most need far less than one. Compute the answers
# yourself: each exercise says what it does not allow, and a call into that earns no points.
# Let your functions print nothing, and leave the settings of torch (gradients, default dtype) as
# they were: both cost points too. The exercises do not need each other; begin where you like.

# %%
import math
from pydoc_data.topics import topics

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

from labkit import (
    checks,
    evaluate_mrpc,
    evaluate_text,
    load_model,
    load_mrpc,
    load_text,
    prune_global,
    sample_text,
    sweep,
)

# %% [markdown] exercise="language.loss"
# A causal language model reads a row of tokens and gives, at each position, one logit for each
# token of its vocabulary: what it expects as the **next** token. So the logits at position $t$ are
# scored by the token at $t + 1$, and the first token of a row is scored by nothing. Rows of
# different lengths are padded, behind the text or, to let a model write on, before it.
#
# **By hand.** One row with padding on both sides, `·`; the probabilities are those that the model
# gives, at each position, to the token at the next one:
#
# | position | 0 | 1 | 2 | 3 | 4 |
# |:--|:--|:--|:--|:--|:--|
# | token | · | the | old | mill | · |
# | mask | 0 | 1 | 1 | 1 | 0 |
# | probability of the next token | 0.1 | 0.5 | 0.25 | 0.9 | |
# | counts | no: `the` follows padding | -ln 0.5 | -ln 0.25 | no: padding follows | |
#
# Two tokens are predicted, `old` and `mill`; the loss is (0.6931 + 1.3863) / 2 = 1.0397 nats.


# %% answer="language.loss"
def token_loss(
    logits: torch.Tensor, input_ids: torch.Tensor, attention_mask: torch.Tensor
) -> dict[str, float | int]:
    """Loss of a causal language model on a batch of padded rows.

    logits: those of the next token at each position, float32, float16 or bfloat16 of shape (rows,
        length, vocabulary), all finite; compute in float32 or a wider type. Rows, length and
        vocabulary are 1 or more, rows and vocabulary perhaps thousands.
    input_ids: int64 of shape (rows, length), ids from 0 to vocabulary - 1.
    attention_mask: 1 at tokens and 0 at padding, int64 of shape (rows, length). The tokens of a row
        stand side by side, with padding behind them, before them, on both sides or on none; a row
        may be all padding. Padding may have any id, and a token may have the same one.
    All three may have any strides, and must not be changed.

    Returns a dictionary with, in this order:
        loss: mean cross-entropy in nats over the predicted tokens of all rows; finite also where
            logits are far apart, and 0.0 where no token is predicted
        tokens: number of predicted tokens: those that have another token before them in their row
    """
    ### BEGIN SOLUTION
    # Both the token that is predicted and the one before it have to be text.
    counts = (attention_mask[:, 1:] * attention_mask[:, :-1]).bool()
    log_probabilities = logits[:, :-1].float().log_softmax(dim=-1)
    losses = -log_probabilities.gather(-1, input_ids[:, 1:, None])[..., 0]
    tokens = int(counts.sum())
    return {"loss": losses[counts].sum().item() / max(tokens, 1), "tokens": tokens}
    ### END SOLUTION


# %% check="language.loss"
checks.check("language.loss", token_loss)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Cut the batch twice: the logits of all positions but the last, and the ids of all but the first.
# They have the same shape, position by position, apart from the vocabulary.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `log_softmax` gives the logarithms of all probabilities and stays finite where a softmax would be
# 0. `gather(-1, ids[..., None])` picks one of them at each position. A bool tensor picks the
# entries of another one that has its shape.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. `logits[:, :-1]` as float32, its `log_softmax` over the last dimension
# 2. minus the entries of `input_ids[:, 1:]`: one loss for each place from the second on
# 3. which of them count: the mask is 1 there **and** at the place before
# 4. the sum over those that count, divided by their number; mind that it may be 0
#
# </details>

# %% grade="language.loss"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("language.loss", globals().get("token_loss"), seed=seed)

# %% [markdown]
# ### What you built
# The mini GPT-2, pruned further and further, on 8 documents. The line is the loss of a guess that
# gives each token of the vocabulary the same probability: ln of their number. Above it a model is
# worse than one that knows nothing.

# %%
if checks.works("language.loss", token_loss):
    model, tokenizer, spec = load_model("gpt2", task="text")
    batch = tokenizer(
        list(load_text(limit=8)),
        padding=True,
        truncation=True,
        max_length=128,
        return_tensors="pt",
    )
    sparsities, losses = [i / 10 for i in range(10)], []
    for _ in sweep(model, sparsities):
        with torch.no_grad():
            logits = model(**batch).logits
        losses.append(token_loss(logits, batch["input_ids"], batch["attention_mask"])["loss"])
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    axes.plot(sparsities, losses, marker="o", label=spec.title)
    guess = math.log(logits.shape[-1])
    axes.axhline(guess, color="black", linewidth=0.8, label="a uniform guess")
    axes.set(title="What a token costs", xlabel="sparsity", ylabel="nats per token")
    axes.legend()
    plt.show()


# %% [markdown] exercise="language.windows"
# A model reads a limited number of tokens at once, its `context`. A longer text is cut into
# windows. Windows that stand side by side leave the first tokens of each with little to predict
# them from, so they overlap: the next window begins `stride` tokens later and counts only what is
# new. The first token of the text has nothing before it, and counts in no window.
#
# **By hand.** A text of 10 tokens, `context` 6 and `stride` 3:
#
# | window | reads tokens | counts tokens | as `(start, stop, first)` |
# |:--|:--|:--|:--|
# | 0 | 0 to 5 | 1 to 5 | (0, 6, 1) |
# | 1 | 3 to 8 | 6 to 8 | (3, 9, 6) |
# | 2 | 6 to 9 | 9 | (6, 10, 9) |
#
# Tokens 1 to 9 count once each. A window that began at 9 would count nothing, so there is none.


# %% answer="language.windows"
def windows(length: int, context: int, stride: int) -> list[tuple[int, int, int]]:
    """Windows over a text, such that each token but the first counts exactly once.

    length: number of tokens in the text, 0 or more, perhaps shorter than a window, perhaps larger
        than 2^53: use whole numbers only, which Python has of any size, and take a step for each
        window, not for each token.
    context: how many tokens a window holds at most, 2 or more.
    stride: how many tokens after a window the next one begins, from 1 to context - 1. (With a
        stride of `context` the first token of each window would have no token before it.)

    Returns one tuple (start, stop, first) for each window, in order: it holds the tokens from
    `start` to `stop` - 1, as a slice does, and counts those from `first` on. The first window
    begins at token 0, each later one `stride` tokens after the one before; a window is `context`
    long but for the last one, which ends with the text and may be shorter. Each window counts all
    of its tokens that no window before it has counted, and at least one. A text of one token, or
    none, has no windows: [].
    """
    ### BEGIN SOLUTION
    found, start, first = [], 0, 1
    while first < length:
        stop = min(start + context, length)
        found.append((start, stop, first))
        # The next window counts from where this one ends.
        start, first = start + stride, stop
    return found
    ### END SOLUTION


# %% check="language.windows"
checks.check("language.windows", windows)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Keep two numbers from window to window: where the next one begins, and the first token that has
# not been counted. They move by different amounts.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# A `while` loop that goes on as long as a token is left to be counted needs no formula for the
# number of windows. `min` cuts the last window off at the end of the text.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. `start = 0`, and `first = 1`: nothing predicts token 0
# 2. while `first < length`: `stop` is `start + context`, at most `length`
# 3. append the tuple; then `first` becomes `stop`, and `start` grows by `stride`
#
# </details>

# %% grade="language.windows"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("language.windows", globals().get("windows"), seed=seed)

# %% [markdown]
# ### What you built
# A document of 300 tokens in windows of 128, with two strides: what each window reads, and what it
# counts. A small stride gives each token much to go by, and reads most of the text several times.

# %%
if checks.works("language.windows", windows):
    figure, panels = plt.subplots(1, 2, figsize=(7, 2.6), layout="constrained")
    for axes, stride in zip(panels, (96, 32), strict=True):
        found = windows(300, 128, stride)
        for row, (start, stop, first) in enumerate(found):
            begin = row == 0
            axes.barh(row, stop - start, left=start, color="0.8", label="read" if begin else None)
            axes.barh(
                row, stop - first, left=first, color="tab:blue", label="counted" if begin else None
            )
        axes.set(title=f"stride {stride}", xlabel="token", yticks=range(len(found)))
        axes.invert_yaxis()
    panels[0].set_ylabel("window")
    panels[1].legend(loc="lower left")
    plt.show()


# %% [markdown] exercise="language.scores"
# The mean loss, in nats per token, is told in two more ways. Its exponential is the **perplexity**:
# the number of tokens among which a model would have to guess evenly to do as well. Both depend on
# what a token is: a tokenizer with longer tokens has fewer of them, and each is harder. **Bits per
# byte** do not: all bits that the text costs, divided by its bytes, whatever the tokens.
#
# **By hand.** Two texts:
#
# | text | bytes | losses of its predicted tokens | sum |
# |:--|--:|:--|--:|
# | `ab cd` | 5 | 0.5, 1.5 | 2.0 |
# | `né` | 3 | 2.0 | 2.0 |
#
# Three tokens cost 4.0 nats: the loss is 4/3 = 1.3333, the perplexity exp(4/3) = 3.7937. In bits
# that is 4.0 / ln 2 = 5.7708, over 8 bytes (é has two in UTF-8): 0.7213 bits per byte. The means of
# the texts are 1.0 and 2.0; their mean, 1.5, is another number than the loss.


# %% answer="language.scores"
def text_scores(losses: list[torch.Tensor], texts: list[str]) -> dict[str, float]:
    """Loss, perplexity and bits per byte over all texts together.

    losses: for each text the losses of its predicted tokens in nats, 0 or more: float32 of shape
        (predicted tokens,), of any strides. A text may have none, but all together have at least
        one, and may have thousands.
    texts: the texts, as many as there are in `losses`, at least one; in any script, with blanks and
        line ends that count. All of their bytes count: whoever calls the function and has no loss
        for the first token gives the text without it. One may be empty, but not all. Neither list
        must be changed.

    Returns a dictionary with, in this order:
        loss: mean loss of a predicted token, in nats
        perplexity: its exponential; `math.inf` where that is larger than a Python float (from a
            loss of about 709.8 on)
        bits_per_byte: all losses in bits, divided by the number of bytes of all texts in UTF-8
    """
    ### BEGIN SOLUTION
    nats = sum(row.double().sum().item() for row in losses)
    loss = nats / sum(len(row) for row in losses)
    return {
        "loss": loss,
        # Beyond its range numpy returns infinity, where math.exp raises.
        "perplexity": float(np.exp(loss)),
        "bits_per_byte": nats / math.log(2) / sum(len(text.encode()) for text in texts),
    }
    ### END SOLUTION


# %% check="language.scores"
checks.check("language.scores", text_scores)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Three sums over all texts are enough: nats, tokens, bytes. Divide only then.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `text.encode()` gives the bytes of a text in UTF-8. A bit is ln 2 nats, `math.log(2)`. `math.exp`
# raises `OverflowError` where the result is no float any more; `np.exp` of a Python float gives
# inf.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. the sum of all losses, as a Python number; the number of all losses; the bytes of all texts
# 2. `loss` is nats over tokens, `perplexity` its exponential
# 3. `bits_per_byte` is nats / ln 2, over bytes
#
# </details>

# %% grade="language.scores"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("language.scores", globals().get("text_scores"), seed=seed)

# %% [markdown]
# ### What you built
# The mini GPT-2 on two texts: news of the grammar that it has learnt, and Python's help on its own
# keywords, which is other English and falls apart into short tokens. Compare the columns: how many
# times as large is the second row in each of them?

# %%
if checks.works("language.scores", text_scores):
    model, tokenizer, spec = load_model("gpt2", task="text")
    table = {}
    for name, texts in (
        ("mini text", list(load_text(limit=12))),
        ("Python's help", [topics[word] for word in ("pass", "return", "continue", "assert")]),
    ):
        losses, short = [], []
        for document in texts:
            ids = tokenizer(
                document, truncation=True, max_length=128, return_tensors="pt"
            ).input_ids
            with torch.no_grad():
                logits = model(ids).logits[0, :-1]
            losses.append(torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none"))
            # Nothing predicts the first token, so it has no loss, and its bytes must not count.
            short.append(tokenizer.decode(ids[0, 1:], clean_up_tokenization_spaces=False))
        table[name] = text_scores(losses, short) | {
            "bytes per token": len("".join(short).encode()) / sum(map(len, losses))
        }
    print(pd.DataFrame(table).T.round(2).to_string())


# %% [markdown] exercise="language.interval"
# How far can a loss on a few thousand tokens be trusted? A bootstrap that draws single tokens takes
# them for independent. In most texts they are not: a name that surprises the model once may do so
# again in the next sentence. So draw **blocks** of tokens that stand side by side. What is drawn at
# random is given here as a matrix: each row of `draws` holds the numbers of the blocks of one
# resample.
#
# **By hand.** Five losses in blocks of two: block 0 is (1, 3), block 1 is (2, 2), and block 2,
# which is shorter, (6). Three resamples of two blocks:
#
# | resample | blocks | tokens | mean |
# |:--|:--|:--|--:|
# | 0 | 0, 2 | 1, 3, 6 | 10 / 3 = 3.3333 |
# | 1 | 1, 1 | 2, 2, 2, 2 | 2.0000 |
# | 2 | 2, 2 | 6, 6 | 6.0000 |
#
# In order: 2, 3.3333, 6, at the positions 0, 1, 2. The 2.5 % quantile is at position 0.025 · 2 =
# 0.05: 2 + 0.05 · 1.3333 = 2.0667. The 97.5 % quantile is at 1.95: 3.3333 + 0.95 · 2.6667, which
# is 5.8667.


# %% answer="language.interval"
def block_interval(losses: torch.Tensor, size: int, draws: torch.Tensor) -> tuple[float, float]:
    """The 95 % percentile interval of a mean loss, from resampled blocks.

    losses: loss of each token in the order of the text, float32 of shape (n,), n at least 1,
        perhaps tens of thousands.
    size: tokens in a block, 1 or more: block i holds the tokens from i * size to
        (i + 1) * size - 1. The last block holds those that are left, fewer perhaps; there may be
        only one block.
    draws: the blocks of each resample, int64 of shape (B, m), entries from 0 to the number of
        blocks - 1; B and m are 1 or more, and m need not be the number of blocks. Both tensors may
        have any strides, and must not be changed.

    Returns (low, high): the 2.5 % and the 97.5 % quantile of the mean losses of the B resamples, in
    nats. The mean of a resample is the sum over all tokens that were drawn, divided by their
    number. Between two resamples a quantile is interpolated linearly, as `numpy.quantile` does.
    """
    ### BEGIN SOLUTION
    blocks = losses.double().split(size)
    sums = torch.stack([block.sum() for block in blocks])
    counts = torch.tensor([len(block) for block in blocks])
    # A ratio of sums: the last block is shorter and counts for less.
    means = sums[draws].sum(dim=1) / counts[draws].sum(dim=1)
    low, high = np.quantile(means.numpy(), [0.025, 0.975])
    return float(low), float(high)
    ### END SOLUTION


# %% check="language.interval"
checks.check("language.interval", block_interval)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Of a block only two numbers are needed: the sum of its losses, and how many there are. With these
# you can forget the tokens.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `Tensor.split(size)` cuts a tensor into pieces of `size`; the last one is what is left. Indexing a
# tensor with a matrix gives a matrix: `sums[draws]` has one row for each resample. `np.quantile`
# takes a list of positions from 0 to 1.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. the blocks; a tensor of their sums and one of their lengths
# 2. for each resample the sum of the sums, and the sum of the lengths; their ratio is its mean
# 3. the quantiles of the B means at 0.025 and 0.975, as Python numbers
#
# </details>

# %% grade="language.interval"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("language.interval", globals().get("block_interval"), seed=seed)

# %% [markdown]
# ### What you built
# Losses of the mini GPT-2 at sparsity 0.5, with your interval for blocks of one token to blocks of
# hundreds. In the generated news one token's loss says next to nothing about the next one's, and
# all intervals are about as wide. In a text that goes over from news to Python's help, which is
# hard for it throughout, blocks of single tokens promise far too much. The documents are joined
# into one text here, and blocks run across their borders.

# %%
if checks.works("language.interval", block_interval):
    model, tokenizer, spec = load_model("gpt2", task="text")
    prune_global(model, 0.5)
    news = list(load_text(limit=30))
    help_texts = [topics[word] for word in ("assert", "break", "continue", "del", "pass", "return")]
    draw, sizes = torch.Generator().manual_seed(0), (1, 4, 16, 64, 256)
    figure, panels = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
    for axes, (title, texts) in zip(
        panels, (("news", news), ("news, then help", news[:20] + help_texts)), strict=True
    ):
        parts = []
        for document in texts:
            ids = tokenizer(
                document, truncation=True, max_length=128, return_tensors="pt"
            ).input_ids
            with torch.no_grad():
                logits = model(ids).logits[0, :-1]
            parts.append(torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none"))
        losses = torch.cat(parts)
        for row, size in enumerate(sizes):
            count = -(-len(losses) // size)
            draws = torch.randint(count, (1000, count), generator=draw)
            axes.plot(
                [row, row], block_interval(losses, size, draws), color="tab:blue", linewidth=4
            )
        axes.axhline(losses.mean(), color="black", linewidth=0.8)
        axes.set(title=title, xlabel="tokens in a block")
        axes.set_xticks(range(len(sizes)), sizes)
    panels[0].set_ylabel("nats per token")
    plt.show()

# %% [markdown] exercise="language.repetition"
# Let a broken model write and it often falls into a loop. An n-gram is a run of n tokens; they
# overlap, so a text of m tokens has m - n + 1 of them. One is **repeated** if the same run has
# stood before in the same text. The share of repeated 4-grams is 0 for most good texts and close to
# 1 for a loop.
#
# **By hand.** n = 2, and one text of six tokens, 5 8 5 8 5 9:
#
# | place | 0 | 1 | 2 | 3 | 4 |
# |:--|:--|:--|:--|:--|:--|
# | 2-gram | 5 8 | 8 5 | 5 8 | 8 5 | 5 9 |
# | stood before | no | no | yes | yes | no |
#
# The share is 2 / 5 = 0.4. A second text, 5 8, has one 2-gram. It stands in the first text, but has
# not stood before in its own: of both texts the share is 2 / 6.


# %% answer="language.repetition"
def repeated_share(texts: list[list[int]], n: int) -> float:
    """Share of the n-grams of all texts that have stood before in the same text.

    texts: token ids of each text, any whole numbers from 0 on, also larger than an int32 holds.
        There may be no texts, empty ones, ones of fewer than n tokens (they have no n-gram), or
        thousands of tokens. They must not be changed.
    n: length of an n-gram, 1 or more.

    Returns the number of repeated n-grams of all texts, divided by the number of all their n-grams:
    a fraction from 0 to 1, and 0.0 where there is no n-gram. An n-gram lies within one text. Of k
    equal n-grams of a text the first is none, the other k - 1 are repeated.
    """
    ### BEGIN SOLUTION
    repeated = total = 0
    for text in texts:
        grams = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        total += len(grams)
        # A set holds each once: what is left over has stood before.
        repeated += len(grams) - len(set(grams))
    return repeated / max(total, 1)
    ### END SOLUTION


# %% check="language.repetition"
checks.check("language.repetition", repeated_share)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Take one text. If you know how many n-grams it has, and how many different ones, how many are
# repeated?
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# A `set` holds equal things once, but no lists: make a `tuple` of each slice. `range(k)` is empty
# where k is 0 or less.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. for each text the tuples `text[i : i + n]`, one for each i below `len(text) - n + 1`
# 2. add their number to one count, and what the set has fewer to another
# 3. divide at the end; mind that there may be no n-grams
#
# </details>

# %% grade="language.repetition"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("language.repetition", globals().get("repeated_share"), seed=seed)

# %% [markdown]
# ### What you built
# What the mini GPT-2 writes when it always takes the likeliest token, pruned further and further.
# The dense model repeats itself too, nonsense of many words hardly does, and in the end all is a
# loop: the share is one witness, and not the only one.

# %%
if checks.works("language.repetition", repeated_share):
    model, tokenizer, spec = load_model("gpt2", task="text")
    prompts = ["The drugmaker Xandril", "In Orsha ,", "The ministry of"]
    sparsities, shares = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9), []
    for sparsity, _ in zip(sparsities, sweep(model, sparsities), strict=True):
        written = sample_text(model, tokenizer, prompts, tokens=60)
        shares.append(repeated_share([list(sample.ids) for sample in written], 4))
        print(f"{sparsity:.0%}: {written[0].whole}"[:96])
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    axes.plot(sparsities, shares, marker="o")
    axes.set(
        title=f"{spec.title}", xlabel="sparsity", ylabel="repeated 4-grams", ylim=(-0.05, 1.05)
    )
    plt.show()


# %% [markdown] exercise="language.paired"
# Two sparsities of one model read the **same** documents. Documents differ much in how hard they
# are, and by far less in how much worse the pruned model is on each. So look at the gaps: for each
# document the nats of the second model minus those of the first. If both were equally good it would
# be chance which of the two a document's result belongs to. A **permutation test** exchanges them
# at random, document by document, and asks how often the total gap is then at least as large as the
# one that was seen. The exchanges are given: each row of `signs` is one, True where the two change
# places.
#
# **By hand.** Three documents of 20, 10 and 5 tokens, and three exchanges:
#
# | | document 0 | document 1 | document 2 | total gap |
# |:--|--:|--:|--:|--:|
# | tokens | 20 | 10 | 5 | |
# | first, nats | 20 | 30 | 10 | |
# | second, nats | 24 | 31 | 9 | |
# | gap | +4 | +1 | -1 | **+4** |
# | True, False, True | -4 | +1 | +1 | -2 |
# | False, True, True | +4 | -1 | +1 | +4, at least as large |
# | True, True, True | -4 | -1 | +1 | -4, at least as large |
#
# The difference is 4 / 35 = 0.1143 nats per token. (Per token the documents differ by 0.2, 0.1 and
# -0.2; the mean of these, 0.0333, is another number.) The second is worse on 2 documents. What was
# seen is one of the possible exchanges as well: p = (2 + 1) / (3 + 1) = 0.75.


# %% answer="language.paired"
def paired_test(
    first: torch.Tensor, second: torch.Tensor, tokens: torch.Tensor, signs: torch.Tensor
) -> dict[str, float | int]:
    """Compare the losses of two models that read the same documents.

    first, second: sum of the losses of each document in nats, float64 of shape (documents,), at
        least one document, perhaps thousands. They are multiples of 1/64: float64 adds them without
        rounding, so that totals that are equal compare as equal, and others do not. A quotient
        rounds: compare totals before you divide.
    tokens: number of predicted tokens of each document, int64 of shape (documents,), 1 or more.
    signs: which documents each exchange turns round, bool of shape (B, documents), B at least
        1, perhaps tens of thousands.
    All may have any strides, and must not be changed.

    Returns a dictionary with, in this order:
        difference: loss of the second minus loss of the first, in nats per token over all documents
        worse: number of documents on which the second model has the larger loss
        p: (k + 1) / (B + 1), where k is the number of exchanges whose total gap is at least as
            large as the total gap that was seen, in either direction
    """
    ### BEGIN SOLUTION
    gaps = second - first
    # A sign turns a gap round: 1 where the models stay, -1 where they change places.
    totals = ((1 - 2 * signs.double()) * gaps).sum(dim=1)
    extreme = int((totals.abs() >= gaps.sum().abs()).sum())
    return {
        "difference": gaps.sum().item() / tokens.sum().item(),
        "worse": int((gaps > 0).sum()),
        "p": (extreme + 1) / (len(signs) + 1),
    }
    ### END SOLUTION


# %% check="language.paired"
checks.check("language.paired", paired_test)

# %% [markdown]
# <details><summary>Hint 1: where to start</summary>
#
# Begin with the gaps, one number for each document. The tokens are needed for the difference alone.
#
# </details>
#
# <details><summary>Hint 2: which functions</summary>
#
# `torch.where` chooses between two tensors by a third one of bools, and stretches a row to the
# shape of a matrix: one row for each exchange. `sum(dim=1)` adds up along the rows, and `abs()`
# leaves out the direction.
#
# </details>
#
# <details><summary>Hint 3: the steps</summary>
#
# 1. `gaps = second - first`; their sum over the sum of the tokens is the difference
# 2. `worse` counts the gaps above 0
# 3. the gaps turned round by each row of signs, summed along the row: B totals
# 4. count the totals of which the size is at least that of the sum of the gaps, then add 1 to both
#    numbers of the fraction
#
# </details>

# %% grade="language.paired"
# Graded: nbgrader runs this cell again, on inputs that you have not seen. Leave it as it is.
from labkit import checks

seed = checks.VISIBLE_SEED
### BEGIN HIDDEN TESTS
seed = checks.grading_seed()
### END HIDDEN TESTS
checks.points("language.paired", globals().get("paired_test"), seed=seed)

# %% [markdown]
# ### What you built
# The mini GPT-2 dense and at 0.3, on 60 documents. The two losses are close, and the documents lie
# far apart; document by document there is no doubt.

# %%
if checks.works("language.paired", paired_test):
    model, tokenizer, spec = load_model("gpt2", task="text")
    texts, results = load_text(limit=60), []
    for _ in sweep(model, (0.0, 0.3)):
        results.append(evaluate_text(model, tokenizer, texts))
    # Rounded to 1/64 of a nat, so that sums are exact.
    dense, pruned = (torch.tensor(np.round(64 * r.document_nats) / 64) for r in results)
    tokens = torch.tensor(results[0].document_tokens)
    signs = torch.rand(9999, len(tokens), generator=torch.Generator().manual_seed(0)) < 0.5
    found = paired_test(dense, pruned, tokens, signs)
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    low, high = float((dense / tokens).min()), float((pruned / tokens).max())
    axes.plot([low, high], [low, high], color="black", linewidth=0.8, label="equally good")
    axes.scatter(dense / tokens, pruned / tokens, 14)
    axes.set(
        title=f"worse on {found['worse']} of {len(tokens)} documents, p = {found['p']:.4f}",
        xlabel="nats per token, dense",
        ylabel="at 0.3",
    )
    axes.legend()
    plt.show()


# %% [markdown] exercise="language.curves"
# One architecture in two networks, pruned step by step, gives two curves: how well the writer
# predicts text, and how often the classifier is right on pairs. **Compare them.**
#
# Answer in 150 to 250 words, with figures of your own run. For each curve, where does its plateau
# end? Take the last level up to which each interval overlaps that of the dense network (they may
# just touch), or name another rule and keep to it for both curves. Overlap is a coarse rule: on the
# same documents a rise can be sure where the intervals still overlap, and this table has no paired
# comparison. The two may disagree at several levels: name one of them, say why you took it, and
# what they count that makes it so. Put the perplexity there beside that of a guess among all tokens
# of the vocabulary, and quote one of the samples: what can the model still do, and what no longer?
# Say what the figures cannot tell, and which sparsity you would choose, for a use that you name.
#
# **By hand.** "Perplexity doubled" says little by itself. "From 50 to 60 % the perplexity went from
# 6 to 13, of a vocabulary of 1,000, while 97 of 100 pairs were still right; telling two sentences
# apart needs less than the next token" is a comparison. (These figures are made up.)

# %%
# Figures for your answer, in about a minute on two slow cores. Choose a model that writes ("gpt2"
# or "bart") and sparsities.
name, sparsities = "gpt2", (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

classifier, pairs_tokenizer, _ = load_model(name)
writer, tokenizer, spec = load_model(name, task="text")
rows, texts, table = load_mrpc()["validation"], load_text(limit=40), {}
# A denoising model writes what is missing.
prompt = "The drugmaker Xandril"
prompts = [prompt] if name == "gpt2" else [f"{prompt} {tokenizer.mask_token} ."]
both = zip(sparsities, sweep(classifier, sparsities), sweep(writer, sparsities), strict=True)
for sparsity, _, _ in both:
    pairs = evaluate_mrpc(classifier, pairs_tokenizer, rows)
    text = evaluate_text(writer, tokenizer, texts)
    written = sample_text(writer, tokenizer, prompts, tokens=40)
    right, cost = pairs.interval("accuracy"), text.interval("perplexity")
    table[f"{sparsity:.0%}"] = {
        "accuracy": f"{pairs.accuracy:.1%}",
        "... 95 % interval": f"{right.low:.1%} to {right.high:.1%}",
        "called paraphrases": f"{pairs.share_positive:.0%}",
        "perplexity": f"{text.perplexity:,.2f}",
        "... interval": f"{cost.low:,.2f} to {cost.high:,.2f}",
        "bits per byte": f"{text.bits_per_byte:.3f}",
    }
    print(f"{sparsity:.0%}: {written[0].whole}\n")
print(f"{spec.title}: {text.measure} on {len(text)} documents, {int(text.tokens.sum()):,} tokens;")
print(f"a uniform guess has {text.vocabulary:,}. The classifier answers {len(rows)} pairs;")
print(
    f"always the more frequent answer has an accuracy of {pairs.baselines.majority_accuracy:.1%}."
)
pd.DataFrame(table).T

# %% [markdown] written="language.curves"
# ### BEGIN SOLUTION
# *A model answer. Brackets stand for what the table above prints for the mini GPT-2; without
# figures in their place it earns no points for them. With another model set the first line of that
# cell to the student's and compare: the figures should agree. Where they say otherwise, so must the
# sentences around them.*
#
# For a service that drafts short reports with the mini GPT-2, I would stop at 0.3.
#
# A plateau ends for me at the last level whose interval overlaps the dense one's. For the writer
# that is [level]: its perplexity is [perplexity] dense, [perplexity] there and [perplexity] at
# [level] (95 % intervals [interval], [interval], [interval]). The accuracy on the 408 pairs holds
# longer, up to [level]: [accuracy] there, [accuracy] at [level] ([interval], [interval]).
#
# Of the levels at which they disagree I take [level], where they lie farthest apart: the perplexity
# is [number] times the dense one, and the classifier is still right on [accuracy]. A pair is
# answered by which of two logits is larger, and a shift of both changes nothing; perplexity counts
# the probability of each token among 1,600, so each lost shade costs. They are two networks as
# well, each trained for its own question.
#
# A uniform guess has 1,600. With [perplexity] the model is far from it at [level]: it still writes
# "[sample]", words in the usual order, and no sentence of the grammar. At 0.9 it has [perplexity],
# worse than the guess: it is sure of the wrong tokens.
#
# All this is one small model on text of its own grammar, pruned once, without training after. It
# does not say where real text, a larger model or a few steps of training would put the cliff.
# ### END SOLUTION

# %% [markdown]
# ### Before you hand in
# Restart the kernel and run all cells: what counts is what the notebook does from top to bottom.
# In a terminal, `labkit check` with the path of the saved notebook runs it that way and adds up the
# points.
