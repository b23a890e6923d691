"""Slides of each chapter, `slides/NN-name.html`, made of what its built page shows.

A deck has the question and the aims of the chapter, each figure with its caption and what the
section stresses, what one might expect and sees, the summary, the questions with their answers, and
the exercises.  reveal.js (`_static/reveal/`, MIT) turns the pages; nothing comes from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx

from coursebook.onepage import mathjax
from labkit.files import write_text

FOLDER = "slides"
CHAPTER = re.compile(r"book/(\d\d-[\w-]+)")

_ROWS = 6  # of a table on one slide
_STRESSED = 30  # letters: what is bold and shorter is a term, not a statement
_PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="robots" content="noindex"/>
<title>{title}: slides</title>
<link rel="icon" href="../_static/favicon.svg"/>
<link rel="stylesheet" href="../_static/reveal/reveal.css"/>
<link rel="stylesheet" href="../_static/labkit.css"/>
<link rel="stylesheet" href="../_static/slides.css"/>
{mathjax}
<script src="../_static/reveal/reveal.js"></script>
<script src="../_static/slides.js"></script>
</head>
<body>
<div class="reveal"><div class="slides">
{slides}
</div></div>
</body>
</html>
"""


def setup(app: Sphinx) -> None:
    """Make the decks once all pages are written, and let each chapter lead to its own."""
    app.connect("html-page-context", _deck)
    app.connect("build-finished", _write, priority=750)


def _deck(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    if found := CHAPTER.fullmatch(page):
        context["deck"] = f"{FOLDER}/{found[1]}.html"


def _write(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    for page in sorted(app.env.found_docs):
        if found := CHAPTER.fullmatch(page):
            html = (site / f"{page}.html").read_text(encoding="utf-8")
            deck = slides_page(html, f"{page}.html", app.config.html_title)
            write_text(site / FOLDER / f"{found[1]}.html", deck)


def slides_page(html: str, name: str, course: str) -> str:
    """The deck of a chapter's page; `name` is that of the page, seen from the site's root."""
    soup = BeautifulSoup(html, "html.parser")
    settings = mathjax(soup, f"../{name}")
    article = soup.find("article", class_="bd-article")
    for dead in article.select(".headerlink, .copybtn, script, noscript"):
        dead.decompose()
    title = " ".join(article.h1.get_text().split())
    slides = [_cover(article, title, name, course), *_slides(article)]
    return _PAGE.format(title=escape(title), mathjax="\n".join(settings), slides="\n".join(slides))


def _slides(article: Tag) -> Iterator[str]:
    aims = article.find("ul")
    yield _slide("After this chapter you can", _plain(aims))
    for figure in article.find_all("figure"):
        if figure.select_one(".figure-frame"):  # the slider has figures of its own
            yield _of_figure(figure)
    for section in article.find_all("section"):
        heading = section.find(re.compile("^h[1-6]$")).get_text().strip()
        if heading.startswith("What you might expect"):
            yield from _tables(heading, section.table)
        elif heading == "Summary":
            yield _slide(
                heading, *(_plain(part) for part in section.find_all(("p", "ul"), recursive=False))
            )
    yield from (_question(quiz) for quiz in article.select(".lk-quiz"))
    if exercises := article.find("section", id="exercises"):
        yield from _tables("Exercises", exercises.table, rows=10)


def _cover(article: Tag, title: str, name: str, course: str) -> str:
    question = _plain(article.find("p"))
    back = f'<p class="back"><a href="../{name}">The chapter</a></p>'
    shown = f"<h1>{escape(title)}</h1>{question}{back}<p>{escape(course)}</p>"
    return f'<section class="cover">{shown}</section>'


def _of_figure(figure: Tag) -> str:
    section = figure.find_parent("section")
    heading = section.find(re.compile("^h[1-6]$"))
    stressed = [
        f"<p class='stressed'>{_plain(bold, inside=True)}</p>"
        for paragraph in section.find_all("p", recursive=False)
        for bold in paragraph.find_all("strong")
        if len(bold.get_text()) >= _STRESSED
    ]
    return _slide(heading.get_text(), *stressed, _plain(figure), kind="figure")


def _tables(heading: str, table: Tag, rows: int = _ROWS) -> Iterator[str]:
    """A table on as many slides as it needs."""
    body = [row for row in table.find_all("tr") if row.find("td")]
    head = next((row for row in table.find_all("tr") if not row.find("td")), None)
    for start in range(0, len(body), rows):
        shown = "".join(_plain(row) for row in body[start : start + rows])
        top = f"<thead>{_plain(head)}</thead>" if head else ""
        yield _slide(heading, f"<table>{top}<tbody>{shown}</tbody></table>")


def _question(quiz: Tag) -> str:
    """The question with its options, and the answer as what comes next."""
    options = "".join(
        f"<li>{_plain(label.find_all('span')[1], inside=True)}</li>" for label in _labels(quiz)
    )
    answer = quiz.select_one("li.lk-right")
    return _slide(
        "Check yourself",
        f"<p>{_plain(quiz.legend, inside=True)}</p><ol type='A'>{options}</ol>",
        f"<p class='fragment answer'>{_plain(answer, inside=True)}</p>",
    )


def _labels(quiz: Tag) -> list[Tag]:
    return quiz.select("label")


def _slide(heading: str, *parts: str, kind: str = "") -> str:
    opening = f'<section class="{kind}">' if kind else "<section>"
    return f"{opening}<h2>{escape(' '.join(heading.split()))}</h2>{''.join(parts)}</section>"


def _plain(element: Tag, inside: bool = False) -> str:
    """The element's HTML, or what stands inside it, without links: they lead out of the deck."""
    copy = BeautifulSoup(str(element), "html.parser")
    for link in copy.find_all("a"):
        if link.find_parent("svg") is None:
            link.unwrap()
    for control in copy.find_all("input"):
        control.decompose()
    return copy.contents[0].decode_contents() if inside else str(copy)
