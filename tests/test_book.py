"""Build the book as `make book` does, into a folder of its own, and look at the pages."""

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = (
    "index",
    "01-weights",
    "02-pruning",
    "03-mrpc",
    "04-size-and-runtime",
    "05-challenges",
)


def copy_course(target):
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, target)
    shutil.copytree(ROOT / "book", target / "book")
    return target


def build(folder):
    command = [Path(sys.executable).with_name("jupyter-book"), "build", folder]
    options = ["--all", "-W", "-n", "--keep-going"]  # as in the Makefile
    return subprocess.run(
        [*command, *options], capture_output=True, text=True, timeout=900, cwd=folder
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = copy_course(tmp_path_factory.mktemp("course"))
    result = build(folder)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
    return folder / "_build" / "html"


class Text(HTMLParser):
    """The text of a page's article, without scripts and figures."""

    def __init__(self, html):
        super().__init__()
        self.parts, self._skip = [], 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self._skip += tag in ("script", "style", "svg")

    def handle_endtag(self, tag):
        self._skip -= tag in ("script", "style", "svg")

    def handle_data(self, data):
        if not self._skip:
            self.parts.append(data)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_a_figure_and_a_glued_number(site, page):
    html = (site / "book" / f"{page}.html").read_text(encoding="utf-8")
    figures = re.findall(r"<figure.*?</figure>", html, flags=re.DOTALL)
    assert figures, "a chapter shows a figure"
    for figure in figures:
        assert 'role="img"' in figure and "<figcaption" in figure
        assert "currentColor" in figure, "figures take the ink of the page"
    source = (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")
    names = re.findall(r"\{glue:text\}`([\w-]+)`", source)
    assert names, "a chapter quotes a number of its own computation"
    text = " ".join(" ".join(Text(html).parts).split())
    assert "glue:" not in text and "Traceback" not in text


def test_no_number_of_the_results_is_typed_by_hand():
    allowed = re.compile(r"(Python )?3\.1[123]|0\.1\b|0\.01|\b(50|90|95) %|\b408\b")
    for page in PAGES:
        text = (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")
        prose = re.sub(r"^---.*?---|```.*?```|\$.*?\$|`[^`]*`", "", text, flags=re.DOTALL)
        found = re.findall(r"\d+\.\d+|\d+ ?%", allowed.sub("", prose))
        assert not found, f"{page}: {found}"


def build_page_with(folder, body):
    """Build a book of one page that holds `body`."""
    copy_course(folder)
    (folder / "_toc.yml").write_text("format: jb-book\nroot: book/01-weights\n")
    page = folder / "book" / "01-weights.md"
    head = page.read_text(encoding="utf-8").split("# Weight", 1)[0]
    page.write_text(f"{head}# Broken\n\n{body}\n", encoding="utf-8")
    return build(folder)


@pytest.mark.slow
def test_an_error_in_a_cell_fails_the_build(tmp_path):
    result = build_page_with(tmp_path, "```{code-cell} ipython3\n1 / 0\n```")
    assert result.returncode != 0 and "ZeroDivisionError" in result.stdout + result.stderr


@pytest.mark.slow
def test_a_warning_fails_the_build(tmp_path):
    result = build_page_with(tmp_path, "[no such page](nowhere.md)")
    assert result.returncode != 0 and "nowhere.md" in result.stdout + result.stderr
