"""The directive of the self-check questions, in builds of one page by Sphinx."""

import subprocess

import pytest
import warm
from bs4 import BeautifulSoup
from places import ROOT

GOOD = """\
# Page

```{quiz}
How large is the *file* of $w$,
or is it a trick?
- [ ] A tenth, `0.1`.
  > A zero is stored
  > like any other number.
- [x] As large as before
  and no smaller.
  > Only a format that leaves zeros out is smaller.
```

Between.

```{quiz}
Second?
- [x] Yes.
  > It is.
- [ ] No.
  > It is not.
```
"""


def build(folder, text, builder="html"):
    settings = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'book' / '_ext')!r})\n"
        "extensions = ['myst_parser', 'quiz']\nmyst_enable_extensions = ['dollarmath']\n"
    )
    (folder / "conf.py").write_text(settings)
    (folder / "index.md").write_text(text, encoding="utf-8")
    command = warm.command("sphinx", "-W", "--keep-going", "-b", builder, ".", "out")
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quiz")
    result = build(folder, GOOD)
    assert result.returncode == 0, result.stderr
    html = (folder / "out" / "index.html").read_text(encoding="utf-8")
    return BeautifulSoup(html, "html.parser")


def words(element):
    return " ".join(element.get_text().split())


def test_question_options_and_feedback_stand_on_the_page(page):
    first, _ = page.select(".lk-quiz")
    legend = first.select_one("fieldset legend")
    assert "How large is the file" in words(legend) and words(legend).endswith("a trick?")
    assert legend.em and legend.select_one(".math"), "markup of the question is parsed"
    assert [words(label) for label in first.select("label")] == [
        "A. A tenth, 0.1.",
        "B. As large as before and no smaller.",
    ]
    assert first.select_one("label code")
    assert [words(item) for item in first.select("details li")] == [
        "A. Not quite. A zero is stored like any other number.",
        "B. Right. Only a format that leaves zeros out is smaller.",
    ]
    assert not first.details.has_attr("open"), "the answer waits until it is asked for"


def test_each_quiz_has_its_own_group_of_options(page):
    names = [{i["name"] for i in quiz.select("input")} for quiz in page.select(".lk-quiz")]
    assert [len(group) for group in names] == [1, 1] and names[0] != names[1]
    assert not page.select(".lk-quiz p"), "options are labels, not paragraphs"


def test_other_builders_write_the_text(tmp_path):
    assert build(tmp_path, GOOD, "text").returncode == 0
    text = (tmp_path / "out" / "index.txt").read_text(encoding="utf-8")
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    assert "B. As large as before and no smaller." in paragraphs
    assert "A. Not quite. A zero is stored like any other number." in paragraphs


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("Q?\n- [ ] A\n  > no\n- [ ] B\n  > no", 5, "no option is marked as right"),
        ("Q?\n- [x] A\n  > yes\n- [x] B\n  > yes", 9, "more than one option"),
        ("Q?\n- [x] A\n  > yes\n- [ ] B", 9, "no feedback"),
        ("Q?\n- [x] A\n  > yes", 5, "at least two options"),
        ("Q?\n- [x] A\n  > yes\n- B\n  > no", 9, "an option starts with"),
        ("Q?\n- [x] A\n  > yes\n  and more\n- [ ] B\n  > no", 9, "each line of feedback"),
        ("- [x] A\n  > yes\n- [ ] B\n  > no", 5, "starts with its question"),
    ],
)
def test_a_broken_quiz_fails_the_build_with_file_and_line(tmp_path, content, line, message):
    result = build(tmp_path, f"# Page\n\nText.\n\n```{{quiz}}\n{content}\n```\n")
    assert result.returncode != 0
    assert f"index.md:{line}: " in result.stderr and message in result.stderr
