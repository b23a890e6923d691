"""Texts from the package and from files: what becomes a document, what is said, what is refused."""

import json

import pandas as pd
import pytest
from hub_material import WIKI_ARTICLES, WIKI_ROWS

import labkit
from labkit.errors import InputError, SourceError
from labkit.evaluation.text import Texts, load_text
from labkit.mini.texts import generate_texts


def _jsonl(path, rows):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def test_mini_has_three_splits_and_is_a_sequence_of_documents():
    assert labkit.load_text is load_text
    splits = generate_texts()
    for split in ("train", "validation", "test"):
        texts = load_text("mini", split)
        assert texts.documents == splits[split]
        assert (texts.source, texts.split, texts.left_out) == ("mini", split, ())
    texts = load_text()
    assert texts.split == "validation" and list(texts) == list(splits["validation"])
    assert texts[0] == texts.documents[0] and texts[:2] == texts.documents[:2]
    assert texts == load_text("mini", "dev") and isinstance(texts, Texts)
    few = load_text(limit=3)
    assert few.documents == texts[:3]
    assert few.left_out == ("not read: the last 317 of 320 documents (limit)",)


def test_one_text_file_is_split_at_blank_lines(tmp_path):
    file = tmp_path / "news.txt"
    file.write_bytes("\ufeffOne .\r\nGoes on .\r\n\r\n \t\r\n  Two .\r\n\r\n".encode())
    texts = load_text(file)
    assert texts.documents == ("One .\nGoes on .", "  Two .")
    assert (texts.name, texts.split, texts.left_out) == ("news.txt", "all", ())


def test_rows_are_documents_and_empty_ones_are_named(tmp_path):
    rows = [{"text": "One .\n\nStill one .", "id": 7}, {"text": " "}, {"text": None}, {"text": "2"}]
    expected = ("One .\n\nStill one .", "2")
    texts = load_text(_jsonl(tmp_path / "a.jsonl", rows))
    assert texts.documents == expected
    assert texts.left_out == ("a.jsonl: 2 rows are empty (2, 3)",)
    pd.DataFrame(rows).to_parquet(tmp_path / "a.parquet")
    assert load_text(tmp_path / "a.parquet").documents == expected


def test_a_folder_without_splits_is_one_document_a_file(tmp_path):
    (tmp_path / "b.txt").write_text("Two .\n\nStill two .\n")
    (tmp_path / "a.txt").write_text("One .")
    (tmp_path / "empty.txt").write_text("\n")
    _jsonl(tmp_path / "c.jsonl", [{"text": "Three ."}, {"text": "Four ."}])
    (tmp_path / "notes.md").write_text("no text")
    (tmp_path / "more").mkdir()
    texts = load_text(tmp_path)
    assert texts.documents == ("One .", "Two .\n\nStill two .", "Three .", "Four .")
    assert texts.left_out == (f"{tmp_path}: not read: more/, notes.md", "empty.txt is empty")


def test_splits_go_by_the_names_of_files(tmp_path):
    (tmp_path / "train.txt").write_text("One .\n\nTwo .")
    (tmp_path / "extra.txt").write_text("No split .")
    with pytest.raises(InputError, match=r"no validation or test split, only train: name"):
        load_text(tmp_path)
    for part in (1, 2):
        _jsonl(tmp_path / f"dev-{part}-of-2.jsonl", [{"text": f"Part {part} ."}])
    texts = load_text(tmp_path)
    assert (texts.split, texts.documents) == ("validation", ("Part 1 .", "Part 2 ."))
    assert texts.left_out == (f"{tmp_path}: not read: extra.txt",)
    assert load_text(tmp_path, "training").documents == ("One .", "Two .")
    assert load_text(tmp_path / "train.txt").split == "train"
    with pytest.raises(InputError, match="no test split, only"):
        load_text(tmp_path, "test")
    with pytest.raises(InputError, match=r"named after one: call it test\.txt"):
        load_text(tmp_path / "extra.txt", "test")
    (tmp_path / "dev-1-of-2.jsonl").unlink()
    with pytest.raises(InputError, match="once each"):
        load_text(tmp_path)


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "txt"])
def test_rows_of_wikitext_are_joined_to_articles(tmp_path, suffix):
    file = tmp_path / f"wiki.{suffix}"
    if suffix == "txt":  # as the archive of 2016 has it
        file.write_text("".join(row or " \n" for row in WIKI_ROWS))
        texts = load_text(file)
        assert [t.replace("\n \n", "\n") for t in texts] == WIKI_ARTICLES
    else:
        frame = pd.DataFrame({"text": WIKI_ROWS})
        rows = frame.to_dict("records")
        frame.to_parquet(file) if suffix == "parquet" else _jsonl(file, rows)
        texts = load_text(file)
        assert list(texts) == WIKI_ARTICLES
    said = "12 rows are lines of 2 articles, joined at their titles; 6 of them are empty"
    assert texts.left_out == (said,)


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 7\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.jsonl",
            b'{"text": "x"}\n{"body": "y"}\n',
            r"row 2: no column 'text', only body\. Give",
        ),
        ("a.jsonl", b'{"text": 7}\n', r"row 1: text is 7, a int and not text\. Write"),
        ("a.jsonl", b'{"text": "\\ud800"}\n', r"row 1: .*surrogate"),
        ("a.jsonl", b'{"text": \n', r"row 1: not JSON"),
        ("a.jsonl", b'["x"]\n', r"row 1: a list, not a JSON object"),
        ("a.parquet", b"PAR1 and then nothing", r"not a whole parquet file"),
        ("a.txt", b"fine\n\xff\xfe", r"line 2: byte 0xff is not UTF-8\. Save"),
        ("a.txt", "wide".encode("utf-16-le"), r"line 1: a byte 0.*UTF-16\. Save"),
        ("a.txt", b"\x7fELF\x02\x00\x00", r"line 1: a byte 0.*binary"),
        ("a.txt", POINTER, r"pointer of Git LFS.*git lfs pull"),
        ("a.jsonl", POINTER, r"pointer of Git LFS.*git lfs pull"),
        ("a.parquet", POINTER, r"pointer of Git LFS.*git lfs pull"),
        ("a.txt", b"\n \n", r"no documents"),
        ("a.jsonl", b'{"text": ""}\n', r"no documents"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"{name}.*{message}"):
        load_text(tmp_path / name)


def test_missing_places_say_what_was_expected(tmp_path):
    with pytest.raises(SourceError, match=r"does not exist.*\.txt, \.jsonl, \.parquet"):
        load_text(tmp_path / "nowhere")
    (tmp_path / "a.csv").write_text("text\nx\n")
    for place in (tmp_path, tmp_path / "a.csv"):
        with pytest.raises(SourceError, match=r"expected a file of \.txt, \.jsonl, \.parquet"):
            load_text(place)
    for source in ("mini", "hub"):
        with pytest.raises(InputError, match="split='all'"):
            load_text(source, "all")
    for limit in (0, -1, 1.5, True):
        with pytest.raises(InputError, match="limit"):
            load_text(limit=limit)
