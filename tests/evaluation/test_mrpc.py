import json

import pandas as pd
import pytest

from labkit.errors import InputError, SourceError
from labkit.evaluation import mrpc

ROWS = [
    {"sentence1": 'He said: "No, thanks".', "sentence2": "No, he said.", "label": 1, "idx": 3},
    {"sentence1": "Zürich, 5 °C.", "sentence2": "It's cold", "label": 0, "idx": 9},
]
ROW = b'{"sentence1": "x", "sentence2": "y", "label": 1, %s}\n'


def write(folder, name, rows=ROWS):
    path, frame = folder / name, pd.DataFrame(rows)
    if name.endswith("parquet"):
        frame.to_parquet(path)
    elif name.endswith("jsonl"):
        path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    else:
        frame.to_csv(path, index=False, sep="," if name.endswith("csv") else "\t")
    return path


@pytest.mark.parametrize("suffix", ["parquet", "csv", "tsv", "jsonl"])
def test_every_format_gives_the_same_rows(tmp_path, suffix):
    write(tmp_path, f"train.{suffix}")
    write(tmp_path, f"dev.{suffix}", ROWS[:1])
    loaded = mrpc.load_mrpc(tmp_path)
    assert list(loaded) == ["train", "validation"]
    assert loaded["train"].to_list() == ROWS
    assert loaded["train"].features["label"].names == list(mrpc.LABELS)
    assert mrpc.positive_share(loaded) == 0.5
    assert mrpc.evaluation_split(loaded).num_rows == 1


def test_a_single_file_and_shards_in_order(tmp_path):
    assert mrpc.load_mrpc(write(tmp_path, "mine.csv"))["validation"].num_rows == 2
    folder = tmp_path / "shards"
    folder.mkdir()
    write(folder, "train-00001-of-00002.parquet", ROWS[1:])
    write(folder, "train-00000-of-00002.parquet", ROWS[:1])
    assert mrpc.load_mrpc(folder)["train"].to_list() == ROWS


def test_the_original_tab_separated_form(tmp_path):
    path = tmp_path / "msr_paraphrase_train.txt"
    text = '\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n1\t7\t8\t"Stray quote\tSecond\r\n'
    path.write_bytes(text.encode())
    row = mrpc.load_mrpc(path)["train"][0]
    assert (row["sentence1"], row["sentence2"], row["label"]) == ('"Stray quote', "Second", 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": 2}, r"train\.csv, row 2: label is '2'"),
        ({"label": ""}, r"row 2: label is ''"),
        ({"sentence2": " "}, r"row 2: sentence2 is ' ', not a sentence"),
        ({"idx": "x"}, r"row 2: idx is 'x'"),
    ],
)
def test_a_bad_value_names_file_and_row(tmp_path, change, message):
    write(tmp_path, "train.csv", [ROWS[0], ROWS[1] | change])
    with pytest.raises(InputError, match=message):
        mrpc.load_mrpc(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("train.csv", b"a,b,label\nx,y,1\n", "no column 'sentence1', only a, b, label"),
        ("train.csv", b"sentence1,sentence2,label\nx,y\n", "row 1: 2 fields where the header has"),
        ("train.csv", b"sentence1,sentence2,label\n\xff,y,1\n", r"line 2: byte 0xff is not UTF-8"),
        ("train.csv", b'sentence1,sentence2,label\n"x,y,1\n', r"line \d: unexpected end"),
        ("train.csv", b"sentence1,sentence2,label\n", "train split has no rows"),
        ("train.csv", b"", "train split has no rows"),
        ("train.jsonl", b'{"sentence1": "x"\n', "row 1: not JSON"),
        ("train.jsonl", b"[1]\n", "row 1: a list, not a JSON object"),
        ("train.jsonl", ROW % b'"idx": 1.5', r"row 1: idx is 1\.5, not a whole number"),
        ("train.jsonl", ROW % b'"idx": Infinity', "row 1: idx is inf, not a whole number"),
        ("train.jsonl", ROW % b'"idx": 3000000000', "row 1: idx is 3000000000, which 32 bits"),
        ("train.jsonl", ROW % b'"sentence1": "\\ud800"', r"row 1: sentence1 is '\\ud800', which"),
        ("train.parquet", b"PAR1garbage", "not a whole parquet file"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        mrpc.load_mrpc(tmp_path)
    assert str(tmp_path) in str(error.value)


def test_a_truncated_parquet_file(tmp_path):
    path = write(tmp_path, "train.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="not a whole parquet file"):
        mrpc.load_mrpc(tmp_path)


def test_only_the_last_word_of_a_name_tells_the_split(tmp_path):
    write(tmp_path, "msr_paraphrase_train.csv")
    write(tmp_path, "test-00000-of-00001-0123456789abcdef.parquet")
    for other in ("dev_ids.tsv", "latest.csv", "trainer_notes.csv"):
        (tmp_path / other).write_text("not of MRPC's form")
    assert list(mrpc.load_mrpc(tmp_path)) == ["train", "test"]


def test_one_split_in_two_formats_is_refused(tmp_path):
    write(tmp_path, "train.csv")
    write(tmp_path, "train.parquet")
    with pytest.raises(InputError, match=r"several formats \(train.csv, train.parquet\)"):
        mrpc.load_mrpc(tmp_path)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("train.csv", "old-train.csv"), r"several files \(old-train\.csv, train\.csv\)"),
        (("dev.csv", "validation.csv"), "several files"),
        (("train.csv", "train-00000-of-00001.csv"), "once each"),
        (("train-00000-of-00002.csv",), r"once each \(train-00000-of-00002\.csv\)"),
        (("train-1.csv", "train_1.csv"), "once each"),
        (("train-0-of-2.csv", "train-1-of-3.csv"), "once each"),
    ],
)
def test_a_split_is_one_file_or_all_of_its_parts(tmp_path, names, message):
    for name in names:
        write(tmp_path, name)
    with pytest.raises(InputError, match=message):
        mrpc.load_mrpc(tmp_path)


def test_parts_may_be_numbered_in_any_way(tmp_path):
    for number in (1, 2):
        write(tmp_path, f"train_{number}.csv", ROWS[:1])
        write(tmp_path, f"dev-{number}-of-2.csv", ROWS[:1])
    assert {split: len(rows) for split, rows in mrpc.load_mrpc(tmp_path).items()} == {
        "train": 2,
        "validation": 2,
    }


def test_missing_places_say_what_was_expected(tmp_path):
    with pytest.raises(SourceError, match="does not exist"):
        mrpc.load_mrpc(tmp_path / "nowhere")
    write(tmp_path, "stuff.csv")
    with pytest.raises(SourceError, match=r"expected names such as train\.csv"):
        mrpc.load_mrpc(tmp_path)
    with pytest.raises(InputError, match="cannot read"):
        mrpc.load_mrpc(__file__)


def test_a_split_that_is_not_there(tmp_path):
    loaded = mrpc.load_mrpc(write(tmp_path, "train.csv"))
    with pytest.raises(InputError, match="only train"):
        mrpc.evaluation_split(loaded)
    with pytest.raises(InputError, match="no dev split"):
        mrpc.evaluation_split(loaded, "dev")


def test_mini_is_in_the_form_of_mrpc():
    mini = mrpc.load_mrpc()
    assert list(mini) == ["train", "validation", "test"]
    assert mini["validation"].num_rows >= 408 and mini["test"].num_rows >= 1725
