import csv
import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
        ({"sentence1": "\u200b\u2060"}, r"row 2: sentence1 is '.*', not a sentence"),
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
        (
            "train.jsonl",
            b'{"sentence1": "\\ud800", "sentence2": "y", "label": 1}\n',
            r"row 1: sentence1 is '\\ud800', which",
        ),
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


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("val.csv", "validation"),
        ("eval.csv", "validation"),
        ("dev.tsv", "validation"),
        ("devel.jsonl", "validation"),
        ("valid.parquet", "validation"),
        ("validate.csv", "validation"),
        ("my-evaluation.csv", "validation"),
        ("validation-00000-of-00001.parquet", "validation"),
        ("VAL-00000-OF-00001.CSV", "validation"),
        ("Train.CSV", "train"),
        ("training.csv", "train"),
        ("MRPC_Dev.TSV", "validation"),
        ("Test.Parquet", "test"),
    ],
)
def test_usual_names_in_any_case(tmp_path, name, split):
    write(tmp_path, name.lower()).rename(tmp_path / name)
    loaded = mrpc.load_mrpc(tmp_path)
    assert list(loaded) == [split] and loaded[split].to_list() == ROWS
    assert mrpc.remarks(loaded) == ()
    assert list(mrpc.load_mrpc(tmp_path / name)) == [split]


def test_a_validation_split_is_never_passed_over(tmp_path):
    write(tmp_path, "test.csv")
    for name in ("val.csv", "eval.csv", "Dev.tsv"):
        write(tmp_path, name.lower(), ROWS[:1]).rename(tmp_path / name)
        assert mrpc.evaluation_split(mrpc.load_mrpc(tmp_path)).num_rows == 1
        (tmp_path / name).unlink()
    for name in ("validation_data.csv", "dev.json", "valid-set.xlsx", "val/", "val.csv.gz"):
        place = tmp_path / name
        place.mkdir() if name.endswith("/") else place.write_text("of another form")
        loaded = mrpc.load_mrpc(tmp_path)
        with pytest.raises(InputError, match=rf"test split.*but {name}: call that file"):
            mrpc.evaluation_split(loaded)
        assert mrpc.evaluation_split(loaded, "test").num_rows == 2
        place.rmdir() if name.endswith("/") else place.unlink()


def test_each_file_that_was_not_read_is_named(tmp_path):
    write(tmp_path, "train.csv")
    write(tmp_path, "dev.csv", ROWS[:1])
    for other in ("README.md", "dev_ids.tsv", "more.csv", ".hidden"):
        (tmp_path / other).write_text("not of MRPC's form")
    (tmp_path / "raw").mkdir()
    loaded = mrpc.load_mrpc(tmp_path)
    said = f"{tmp_path}: not read: README.md, dev_ids.tsv, more.csv, raw/"
    assert mrpc.remarks(loaded) == (said,)
    assert mrpc.evaluation_split(loaded).num_rows == 1
    (tmp_path / "train.csv").unlink()
    (tmp_path / "dev.csv").unlink()
    with pytest.raises(SourceError, match=r"there are README\.md, dev_ids\.tsv, more\.csv, raw/"):
        mrpc.load_mrpc(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train.csv", "sentence1,sentence2,label,label\na,b,1,0\n"),
        ("train.tsv", "sentence1\tsentence2\tlabel\tsentence1\na\tb\t1\tc\n"),
        ("train.csv", "sentence1,sentence2,label, label\na,b,1,0\n"),
        ("train.tsv", "Quality\t#1 String\t#2 String\tlabel\n1\ta\tb\t0\n"),
        ("train.jsonl", '{"sentence1": "a", "sentence2": "b", "label": 1, "label": 0}\n'),
    ],
)
def test_two_columns_of_one_name_are_refused(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=rf"{name}.*two columns are called"):
        mrpc.load_mrpc(tmp_path)


def test_two_columns_of_one_name_in_parquet(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as parquet

    columns = [pa.array(values) for values in (["a"], ["b"], [1], [0])]
    table = pa.Table.from_arrays(columns, ["sentence1", "sentence2", "label", "label"])
    parquet.write_table(table, tmp_path / "train.parquet")
    with pytest.raises(InputError, match=r"train\.parquet: two columns are called 'label'"):
        mrpc.load_mrpc(tmp_path)


ORIGINAL = ["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"]
SENTENCES = st.text("ab \"',.\N{EN DASH}", min_size=1, max_size=12).filter(str.strip)


def frame_of(pairs, original):
    if original:
        rows = [(label, 1, 2, one, two) for one, two, label in pairs]
        return pd.DataFrame(rows, columns=ORIGINAL)
    return pd.DataFrame(pairs, columns=mrpc.COLUMNS)


@pytest.mark.parametrize("original", [False, True])
@given(pairs=st.lists(st.tuples(SENTENCES, SENTENCES, st.integers(0, 1)), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_what_pandas_writes_tab_separated_is_read_back(tmp_path_factory, original, pairs):
    folder = tmp_path_factory.mktemp("pandas")
    for number, options in enumerate(({}, {"quoting": csv.QUOTE_ALL}, {"quoting": 2})):
        path = folder / f"train{number}.tsv"
        frame_of(pairs, original).to_csv(path, sep="\t", index=False, **options)
        rows = mrpc.load_mrpc(path)["validation"]
        assert [(r["sentence1"], r["sentence2"], r["label"]) for r in rows] == pairs


@pytest.mark.parametrize("original", [False, True])
@given(pairs=st.lists(st.tuples(SENTENCES, SENTENCES, st.integers(0, 1)), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_unquoted_rows_are_as_many_as_lines(tmp_path_factory, original, pairs):
    frame = frame_of(pairs, original)
    path = tmp_path_factory.mktemp("plain") / "train.tsv"
    lines = ["\t".join(map(str, row)) for row in [frame.columns, *frame.to_numpy().tolist()]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = mrpc.load_mrpc(path)["train"]
    found = [(r["sentence1"], r["sentence2"], r["label"]) for r in rows]
    assert len(found) == len(pairs)
    if not any(s[0] == s[-1] == '"' and len(s) > 1 for pair in pairs for s in pair[:2]):
        assert found == pairs  # else a writer that quotes may have made the same lines


@pytest.mark.parametrize("header", ["sentence1\tsentence2\tlabel", "#1 String\t#2 String\tQuality"])
def test_quotation_marks_and_rows_of_a_plain_file_are_kept(tmp_path, header):
    pairs = [
        ('a "quoted" word', '"To be," he said', "1"),
        ("a", '"open', "0"),
        ("c", "d", "0"),
        ("e", 'closed"', "1"),
        ('"Quoted whole"', '"So, too"', "1"),
    ]
    path = tmp_path / "train.tsv"
    for some in (pairs, pairs[1:4], pairs[:1], pairs[2:]):
        path.write_text("\n".join([header, *map("\t".join, some)]) + "\n")
        rows = mrpc.load_mrpc(path)["train"]
        assert [(r["sentence1"], r["sentence2"], str(r["label"])) for r in rows] == some


@pytest.mark.parametrize("other", [[], [("a", "b", "0")]])
@pytest.mark.parametrize("pair", [('"', '"', "1"), ('"ran', 'on"', "0"), ("a", '"', "1")])
def test_a_tab_between_two_quotation_marks_ends_a_sentence(tmp_path, pair, other):
    """Read by the rules of csv they would be one field, and the row one field short."""
    lines = ["\t".join(("Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"))]
    lines += [
        "\t".join((label, "1", "2", first, second)) for first, second, label in [pair, *other]
    ]
    path = tmp_path / "train.tsv"
    path.write_text("\n".join(lines) + "\n")
    rows = mrpc.load_mrpc(path)["train"]
    assert [(r["sentence1"], r["sentence2"], str(r["label"])) for r in rows] == [pair, *other]


def test_a_sentence_may_hold_a_tab_or_a_line_end_where_it_is_quoted(tmp_path):
    rows = [{"sentence1": "one\ttwo", "sentence2": "x", "label": 1, "idx": 0}]
    rows += [{"sentence1": "one\ntwo", "sentence2": "y", "label": 0, "idx": 1}]
    assert mrpc.load_mrpc(write(tmp_path, "train.tsv", rows))["train"].to_list() == rows
    # Three lines, of which one lacks a field: no sentence that runs over all of them.
    text = 'sentence1\tsentence2\tlabel\na\t"b\t1\nc\td\ne\tf"\t0\n'
    (tmp_path / "train.tsv").write_text(text)
    with pytest.raises(InputError, match="row 2: 2 fields where the header has 3"):
        mrpc.load_mrpc(tmp_path)


def test_commas_and_tabs_are_told_by_the_header(tmp_path):
    frame = pd.DataFrame(ROWS)
    frame.to_csv(tmp_path / "train.txt", index=False)
    frame.to_csv(tmp_path / "test.csv", index=False, sep="\t")
    loaded = mrpc.load_mrpc(tmp_path)
    assert loaded["train"].to_list() == loaded["test"].to_list() == ROWS


@pytest.mark.parametrize("labels", [[-1, -1], [None, None], None])
@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_a_split_without_labels_leaves_the_others_readable(tmp_path, labels, suffix):
    write(tmp_path, f"validation.{suffix}")
    bare = pd.DataFrame(ROWS).drop(columns="label")
    rows = bare if labels is None else bare.assign(label=labels)
    write(tmp_path, f"test.{suffix}", rows.to_dict("records"))
    loaded = mrpc.load_mrpc(tmp_path)
    for split in (None, "validation", "dev"):
        assert mrpc.evaluation_split(loaded, split).num_rows == 2
    with pytest.raises(InputError, match=r"test split has no labels.*row 1.*--split"):
        mrpc.evaluation_split(loaded, "test")
    (said,) = mrpc.remarks(loaded)
    assert said.startswith("the test split was left out, since it has no labels")
    with pytest.raises(InputError, match=r"row 1"):
        mrpc.load_mrpc(tmp_path / f"test.{suffix}")


def test_test_rows_do_not_stand_in_for_a_validation_split_without_labels(tmp_path):
    write(tmp_path, "dev.csv", [row | {"label": -1} for row in ROWS])
    write(tmp_path, "test.csv")
    with pytest.raises(InputError, match="the validation split has no labels"):
        mrpc.evaluation_split(mrpc.load_mrpc(tmp_path))


def test_the_files_of_glue(tmp_path):
    rows = ['1\t7\t8\tHe said "no".\t"No" , he said .', '0\t8\t9\t" I know .\tNo .']
    (tmp_path / "dev.tsv").write_text(
        "\ufeff" + "\t".join(ORIGINAL) + "\n" + "\n".join(rows) + "\n"
    )
    header = "\t".join(["index", *ORIGINAL[1:]])
    (tmp_path / "test.tsv").write_text(f"{header}\n0\t7\t8\tOne .\tTwo .\n")
    loaded = mrpc.load_mrpc(tmp_path)
    assert loaded["validation"]["sentence2"] == ['"No" , he said .', "No ."]
    assert loaded["validation"]["sentence1"] == ['He said "no".', '" I know .']
    assert "test.tsv, row 1: no column 'label'" in mrpc.remarks(loaded)[0]
