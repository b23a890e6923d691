"""Build the book as `make book` does, into a folder of its own, and look at the pages."""

import json
import os
import re
import signal
import subprocess
import tomllib
import urllib.request
from html.parser import HTMLParser

import jupytext
import pandas as pd
import pytest
import warm
import yaml
from coursecopy import ROOT, build, page_course, pages
from matplotlib.figure import Figure
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import labkit
from labkit import book, code_hash
from labkit.book import site as sites
from labkit.errors import InputError, SourceError
from labkit.plots.figure import Plot
from labkit.study.run import save_table

PAGES = pages()
LABS = sorted(folder.name for folder in (ROOT / "exercises").iterdir() if folder.is_dir())


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
def test_every_page_has_its_figures_and_glued_numbers(site, page):
    html = (site / "book" / f"{page}.html").read_text(encoding="utf-8")
    source = (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")
    figures = re.findall(r'<figure class="align.*?</figure>', html, flags=re.DOTALL)
    assert len(figures) == source.count("{glue:figure}")
    if page == "index" or page[0].isdigit():
        assert figures, "a chapter shows a figure"
        assert "{glue:text}" in source, "a chapter quotes a number of its own computation"
    for figure in figures:
        assert 'role="img"' in figure and "<figcaption" in figure
        assert "currentColor" in figure, "figures take the ink of the page"
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids)), "no two elements of a page share an id"
    text = " ".join(" ".join(Text(html).parts).split())
    assert "glue:" not in text and "Traceback" not in text
    prose = re.sub(r"<(pre|code|table)\b.*?</\1>", "", html, flags=re.DOTALL)
    assert not re.search(r"\d %", "".join(Text(prose).parts)), "a line may end before its %"


def test_no_number_of_the_results_is_typed_by_hand():
    allowed = re.compile(
        r"(Python )?3\.1[123]|0\.1\b|0\.01|\b(50|90|95) %|\b408\b|\b[23]\.5 to [24]\b"
        r"|(version|Ubuntu|on|gift-pegjs|QTI|Packaging) \d+\.\d+(\.\d+)?"  # of programs and formats
    )
    for page in PAGES:
        text = (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")
        prose = re.sub(r"^---.*?---|```.*?```|\$.*?\$|`[^`]*`", "", text, flags=re.DOTALL)
        found = re.findall(r"\d+\.\d+|\d+ ?%", allowed.sub("", prose))
        assert not found, f"{page}: {found}"


def test_the_reference_describes_every_public_name():
    text = (ROOT / "book" / "reference.md").read_text(encoding="utf-8")
    described = set(re.findall(r"auto\w+:: labkit\.(\w+)$", text, flags=re.MULTILINE))
    assert described == set(labkit.__all__)


def test_every_chapter_leads_to_the_glossary_and_every_term_has_a_place_in_the_alphabet():
    glossary = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8").split("{glossary}\n")[1]
    terms = re.findall(r"^(?=\w)(.+)$", glossary, flags=re.MULTILINE)
    words = [term.lower() for term in terms if term[0].isalpha()]
    assert words == sorted(words) and len(words) > 30
    for page in PAGES:
        if page[0].isdigit():
            assert "{term}`" in (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8"), page


def _secrets(lab):
    """Lines of the solution, hidden tests and mark schemes of a lab that its release has not."""
    path = ROOT / "solutions" / lab / f"{lab}.ipynb"
    released = (ROOT / "exercises" / lab / f"{lab}.ipynb").read_text(encoding="utf-8")
    inside = False
    for cell in jupytext.read(path).cells:
        for line in cell.source.splitlines():
            if "### BEGIN" in line or "### END" in line:
                inside = "### BEGIN" in line
            # A line as short as `return result` stands in any text.
            elif inside and len(line.strip()) > 24 and line.strip() not in released:
                yield line.strip()


@pytest.fixture(scope="module")
def texts(site):
    """File of the site that can hold text → its text, of pages without the markup."""
    kinds = (".html", ".js", ".txt", ".md", ".ipynb", ".py", ".json", ".inv")
    found = {}
    for path in site.rglob("*"):
        if path.suffix in kinds and "mathjax" not in path.parts:
            text = path.read_text(encoding="utf-8", errors="replace")
            found[path] = "".join(Text(text).parts) if path.suffix == ".html" else text
    return found


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS)
def test_the_site_gives_no_solution_away(site, texts, lab):
    secrets = set(_secrets(lab))
    assert len(secrets) > 10 and len(texts) > len(PAGES)
    for path, text in texts.items():
        assert not re.search("BEGIN SOLUTION|BEGIN HIDDEN|BEGIN MARK", text), path
        assert [line for line in secrets if line in text] == [], path
    assert not (site / "_sources").exists()


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS)
def test_each_lab_is_offered_for_download(site, lab):
    links = {
        (site / "book" / link).resolve()
        for page in PAGES
        for link in re.findall(
            rf'href="([^"]*/{lab}\.ipynb)"', (site / "book" / f"{page}.html").read_text()
        )
    }
    release = ROOT / "exercises" / lab / f"{lab}.ipynb"
    assert [link.read_bytes() for link in links] == [release.read_bytes()]


@pytest.mark.slow
def test_nothing_points_to_an_address_that_is_not_set(site):
    for path in (*(site / "book").glob("*.html"), site / "print.html"):
        html = path.read_text(encoding="utf-8")
        for name in ("colab", "mybinder", "github.com/executablebooks", "unpkg", "jsdelivr"):
            assert name not in html.lower(), f"{path.name} names {name}"
        assert "git clone" not in html
        assert "Report a problem" not in html
        assert 'rel="canonical"' not in html and "og:url" not in html
        assert 'property="og:title"' in html or path.name == "print.html"


ADDRESS = "https://github.com/someone/a-course"


@pytest.mark.slow
def test_a_course_with_an_address_is_served_with_links_to_it(tmp_path):
    online = "```{online}\n**Here:** `git clone ADDRESS`\n```"
    page_course(tmp_path, f"First words of the page.\n\n```{{lab}} weights\n```\n\n{online}")
    config = tmp_path / "_config.yml"
    text = config.read_text(encoding="utf-8")
    assert 'course_repository: ""' in text
    config.write_text(text.replace('course_repository: ""', f"course_repository: {ADDRESS}"))
    command = warm.command("labkit.cli", "book", "--course", tmp_path)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        address = None
        for line in process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
                address = found[0]
                break
        try:
            assert address, "the build failed"
            with urllib.request.urlopen(f"{address}book/index.html", timeout=30) as answer:
                html = answer.read().decode()
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
            code = process.wait(timeout=60)
    assert code == 0 and "stopped" in rest and "Traceback" not in rest
    path = "exercises/weights/weights.ipynb"
    colab = f"https://colab.research.google.com/github/someone/a-course/blob/main/{path}"
    binder = "https://mybinder.org/v2/gh/someone/a-course/main?labpath=" + path.replace("/", "%2F")
    assert f'href="{colab}"' in html and f'href="{binder}"' in html
    text = " ".join(" ".join(Text(html).parts).split())
    assert "<strong>Here:</strong>" in html and f"git clone {ADDRESS}" in text
    page = "https://someone.github.io/a-course/book/index.html"
    assert f'href="{ADDRESS}/issues/new?title=Problem%20on%20the%20page%20book%2Findex"' in html
    assert f'<link rel="canonical" href="{page}"' in html
    assert f'<meta property="og:url" content="{page}"' in html
    assert '<meta name="description" content="First words of the page."' in html


def test_binder_sets_up_a_python_that_the_course_runs_on():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = yaml.safe_load((ROOT / ".binder/environment.yml").read_text(encoding="utf-8"))
    python = next(name for name in found["dependencies"] if name.startswith("python="))
    assert Version(python.removeprefix("python=")) in SpecifierSet(project["requires-python"])
    script = ROOT / ".binder/postBuild"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    cpu = re.search(r"--extra-index-url (\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert cpu[0] in script.read_text(encoding="utf-8"), "as make setup TORCH=cpu"


@pytest.mark.slow
def test_an_error_in_a_cell_fails_the_build(tmp_path):
    result = build(page_course(tmp_path, "```{code-cell} ipython3\n1 / 0\n```"))
    assert result.returncode == 1 and "ZeroDivisionError" in result.stdout + result.stderr
    assert "the book was not built" in result.stderr


BOOK = "@book{%s, title = {T}, author = {A, B}, publisher = {P}, year = {2000}}\n"


@pytest.mark.slow
def test_what_is_dead_or_unused_fails_the_build(tmp_path):
    body = """[no such page](nowhere.md) and a link <a href="index.html#not-there">inside</a>

{cite}`used` and <img src="https://example.org/dot.png" alt="a dot">

```{bibliography}
```
"""
    result = build(page_course(tmp_path, body, bibliography=BOOK % "used" + BOOK % "idle"))
    said = result.stdout + result.stderr
    assert result.returncode == 1
    assert "nowhere.md" in said
    assert "names an anchor that book/index.html does not have" in said
    assert "no page cites the entry 'idle'" in said and "'used'" not in said
    assert "loads https://example.org/dot.png" in said


@pytest.mark.slow
def test_cells_run_again_only_when_what_they_depend_on_has_changed(tmp_path):
    cell = "from pathlib import Path\nwith Path('runs').open('a') as file:\n    file.write('x')"
    page_course(tmp_path, f"```{{code-cell}} ipython3\n{cell}\n```")
    runs = tmp_path / "book" / "runs"
    assert build(tmp_path).returncode == 0 and len(runs.read_text()) == 1
    assert build(tmp_path).returncode == 0 and len(runs.read_text()) == 1
    (tmp_path / "requirements.txt").write_text("numpy==1\n")
    assert build(tmp_path).returncode == 0 and len(runs.read_text()) == 2
    page = tmp_path / "_build" / "html" / "book" / "index.html"
    assert "A draft: its numbers" not in page.read_text(encoding="utf-8")
    assert build(tmp_path, "--draft").returncode == 0 and len(runs.read_text()) == 3
    assert "A draft: its numbers" in page.read_text(encoding="utf-8")


def test_the_key_covers_code_data_versions_and_the_readers_results(tmp_path, monkeypatch):
    package, course = tmp_path / "labkit", tmp_path / "course"
    code = "book/pages.py", "pruning/masks.py", "errors.py"
    for name in ("__init__.py", "book/__init__.py", "pruning/__init__.py", "other.py", *code):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("")
    (package / "pruning" / "masks.py").write_text("from labkit.errors import InputError")
    (course / "book").mkdir(parents=True)
    (course / "book" / "page.md").write_text("from labkit.pruning import masks\n")
    names = ("mini/corpus/test.jsonl", "mini/zoo/gpt2/model.safetensors")
    paths = [package / name for name in names]
    paths += [course / "requirements.txt", course / "results" / "tables" / "results.parquet"]
    paths += [course / "benchmarks" / "results" / "sweep.json"]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("before")
    _manifest(course, "hub")
    monkeypatch.setattr(sites, "__file__", str(package / "book" / "site.py"))
    monkeypatch.setattr(code_hash, "_HOME", package)
    code_hash._imports_of.cache_clear()
    keys = {sites.execution_key(course)}
    (package / "other.py").write_text("# no page runs it")
    assert keys == {sites.execution_key(course)}
    paths += [package / name for name in code]
    for path in paths:
        path.write_text(path.read_text() + "\n# after")
        keys.add(sites.execution_key(course))
    assert len(keys) == 1 + len(paths)
    code_hash._imports_of.cache_clear()


def _manifest(course, source, **more):
    path = course / "results" / "manifest.json"
    path.write_text(json.dumps({"settings": {"source": source, **more}}), encoding="utf-8")


def test_the_readers_results_are_those_of_the_published_models(tmp_path, monkeypatch):
    table = pd.DataFrame({"model": ["RoBERTa"], "accuracy": [0.9]})
    (tmp_path / "book").mkdir()
    (tmp_path / "_config.yml").touch()
    monkeypatch.chdir(tmp_path / "book")  # where pages run
    assert book.reader_results() is None
    save_table(table, tmp_path / "results" / "tables" / "results")
    assert book.reader_results() is None, "a study that has not ended"
    before = sites.execution_key(tmp_path)
    _manifest(tmp_path, "mini")
    assert book.reader_results() is None and sites.execution_key(tmp_path) == before
    _manifest(tmp_path, "hub")
    found = book.reader_results()
    assert list(found) == ["results"] and found["results"].equals(table)
    assert sites.execution_key(tmp_path) != before
    # What is left of an earlier study, perhaps of other models, is not of this one.
    save_table(table, tmp_path / "results" / "tables" / "text_results")
    for task, names in ((["text"], ["text_results"]), (["mrpc"], ["results"])):
        _manifest(tmp_path, "hub", task=task)
        assert list(book.reader_results()) == names
    _manifest(tmp_path, "hub", task=["mrpc", "text"])
    assert list(book.reader_results()) == ["results", "text_results"]


def test_a_page_quotes_a_benchmark_with_its_machine_or_says_how_to_measure_it(tmp_path):
    course = tmp_path / "benchmarks" / "results"
    course.mkdir(parents=True)
    (course / "sweep.json").write_text('{"title": "T", "rows": [], "machine": "M"}')
    assert book.benchmark("sweep", tmp_path)["machine"] == "M"
    with pytest.raises(SourceError, match="python -m benchmarks storage"):
        book.benchmark("storage", tmp_path)


def _plot(name, width):
    figure = Figure(figsize=(width, 2))
    figure.subplots().plot([1, 2], [1, 2])
    return Plot(figure, name, f"The alt text of {name}.")


def test_two_figures_of_a_page_share_no_ids_and_keep_their_own_references():
    frames = [book.figure_frame(_plot("one", 3)), book.figure_frame(_plot("two", 9))]
    ids = [re.findall(r'\bid="([^"]+)"', frame) for frame in frames]
    assert len(ids[0]) > 10 and not set(ids[0]) & set(ids[1])
    for frame, own in zip(frames, ids, strict=True):
        named = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)|labelledby="([^"]+)"', frame)
        references = {name for names in named for name in names if name}
        assert len(references) > 2 and references <= set(own)
    assert "--width: 288px; --least: 288px" in frames[0], "a small figure shrinks, or need not"
    assert "--width: 864px; --least: 648px" in frames[1], "a wide one scrolls on a phone"


def _pages(folder, **texts):
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


def test_a_sound_site_has_no_problems(tmp_path):
    (tmp_path / "style.css").write_text("p { background: url(dot.png) }")
    (tmp_path / "a.js").write_text("1")
    _pages(
        tmp_path,
        index='<a href="other.html#é">a</a> <a href="#top" id="top">b</a> <a href="../">up</a>'
        '<a href="https://example.org">away</a> <a href="mailto:a@example.org">write</a>'
        '<link rel="canonical" href="https://example.org/"><script src="a.js?v=1"></script>'
        '<script type="application/json">{"a": "https://example.org"}</script>'
        '<link rel="stylesheet" href="style.css"><img src="data:image/gif;base64,AA">',
        other='<h1 id="é">title</h1><a href="/">home</a>',
    )
    assert sites.problems(tmp_path) == []


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ('<a href="gone.html">a</a>', "gone.html leads nowhere"),
        ('<a href="#gone">a</a>', "#gone names an anchor that index.html does not have"),
        ('<img src="gone.png">', "gone.png leads nowhere"),
        ('<script src="//cdn.example.org/a.js"></script>', "loads //cdn.example.org/a.js"),
        ('<link rel="stylesheet" href="https://e.org/a.css">', "loads https://e.org/a.css"),
        ("<script>load('https://e.org/a.js')</script>", "names an address to load from"),
        ("<style>@import url(https://e.org/a.css);</style>", "names an address to load from"),
    ],
)
def test_each_kind_of_problem_is_named(tmp_path, html, problem):
    found = sites.problems(_pages(tmp_path, index=html))
    assert len(found) == 1 and problem in found[0] and found[0].startswith("index.html: ")


def test_a_style_sheet_that_loads_from_elsewhere_is_named(tmp_path):
    (tmp_path / "style.css").write_text("@font-face { src: url('https://e.org/a.woff') }")
    assert sites.problems(tmp_path) == ["style.css: loads from elsewhere"]


def test_a_port_that_is_taken_is_refused_and_the_default_gives_way(tmp_path):
    _pages(tmp_path, index="hello")
    with sites.serve(tmp_path) as first:
        with pytest.raises(InputError, match=f"port {first.server_port} cannot be used"):
            sites.serve(tmp_path, first.server_port)
        with sites.serve(tmp_path) as second:
            assert second.server_port != first.server_port


def test_what_is_no_course_or_no_site_is_refused(tmp_path):
    with pytest.raises(SourceError, match="root of the course"):
        sites.build_book(tmp_path)
    with pytest.raises(SourceError, match="build the book first"):
        sites.serve(tmp_path)
