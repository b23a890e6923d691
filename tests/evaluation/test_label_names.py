"""A corpus whose labels have names is read by them, as the classes of a model are."""

import pytest
from datasets import ClassLabel, Dataset, Features, Value

from labkit import evaluate_mrpc, load_model, load_mrpc
from labkit.errors import InputError
from labkit.evaluation.classify import encode_pairs
from labkit.evaluation.label_order import corpus_order
from labkit.evaluation.mrpc import positive_share, remarks


def named(rows, *names):
    """The rows with their labels numbered as `names`, of which the last means "equivalent" or,
    of names in the order of RTE, the first."""
    turned = names[0] in ("entailment", "duplicate")
    columns = {name: list(rows[name]) for name in ("sentence1", "sentence2", "idx")}
    columns["label"] = [1 - label if turned else label for label in rows["label"]]
    features = Features(
        sentence1=Value("string"),
        sentence2=Value("string"),
        label=ClassLabel(names=list(names)),
        idx=Value("int32"),
    )
    return Dataset.from_dict(columns, features=features)


@pytest.fixture(scope="module")
def rows():
    return load_mrpc()["validation"].select(range(60))


@pytest.mark.parametrize(
    "names",
    [("entailment", "not_entailment"), ("duplicate", "other"), ("unlike", "alike"), ("0", "1")],
)
def test_a_corpus_numbered_the_other_way_round_scores_the_same(rows, names, tmp_path):
    model, tokenizer, _ = load_model("roberta")
    expected = evaluate_mrpc(model, tokenizer, rows)
    other = named(rows, *names)
    other.to_parquet(tmp_path / "train-00000-of-00001.parquet")
    other.to_parquet(tmp_path / "validation.parquet")
    corpus = load_mrpc(tmp_path)
    assert corpus["validation"].to_dict() == rows.to_dict()
    assert positive_share(corpus) == sum(rows["label"]) / len(rows)
    said = " ".join(remarks(corpus))
    found = evaluate_mrpc(model, tokenizer, other)
    assert found.labels.tolist() == rows["label"]
    assert (found.accuracy, found.f1) == (expected.accuracy, expected.f1)
    if names == ("0", "1"):
        assert not said and not found.remarks
    else:
        assert f"{names[0]!r}" in said and f"{names[0]!r}" in found.remarks[0]
        turned = "the other way round than in MRPC"
        assert (turned in said) is (turned in found.remarks[0]) is (names[1] != "alike")


def test_files_that_name_the_labels_differently_are_refused(rows, tmp_path):
    named(rows, "entailment", "not_entailment").to_parquet(tmp_path / "train.parquet")
    rows.to_csv(tmp_path / "validation.csv")
    with pytest.raises(InputError, match=r"'entailment'.*not so in the other files"):
        load_mrpc(tmp_path)


def test_names_of_labels_that_no_row_has_do_not_matter():
    assert corpus_order(["entailment", "neutral", "contradiction"], "SNLI").positive == 0
    for names in (["yes", "true"], ["a", "b"]):
        order = corpus_order(names, "some")
        assert order.positive == 1 and "say nothing of paraphrases" in order.remark


def test_pairs_that_were_cut_are_counted():
    model, tokenizer, _ = load_model("bart")
    texts = ["The bank was small.", "a boat " * 9, "a boat " * 12, "a boat " * 3]
    lengths = [len(ids) for ids in tokenizer(texts, texts)["input_ids"]]
    data = Dataset.from_dict({"sentence1": texts, "sentence2": texts, "label": [1, 0, 1, 1]})
    for most in (lengths[0], lengths[1], max(lengths)):
        cut = sum(length > most for length in lengths)
        found = encode_pairs(tokenizer, data, max_length=most).remarks
        was = "was" if cut == 1 else "were"
        wanted = (f"{cut} of 4 pairs {was} cut to {most} tokens, the rest was not read",)
        assert found == (wanted if cut else ())
    assert evaluate_mrpc(model, tokenizer, data, max_length=lengths[1]).remarks == (
        f"1 of 4 pairs was cut to {lengths[1]} tokens, the rest was not read",
    )
