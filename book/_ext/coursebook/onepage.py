"""The print version: all pages of the book one after the other, as `print.html`."""

from __future__ import annotations

from html import escape
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx

from labkit.files import write_text

NAME = "print.html"

_PLACES = ("id", "for", "name", "aria-labelledby", "aria-describedby", "aria-controls")
_DEAD = (".headerlink", ".copybtn", ".prev-next-area", ".onlyprint", "script", ".toctree-wrapper")
_PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="light" data-content_root="./">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="robots" content="noindex"/>
<title>{title}: all pages, for printing</title>
<link rel="icon" href="_static/favicon.svg"/>
{styles}
{scripts}
<script src="_static/labkit.js"></script>
</head>
<body class="one-page">
<header>
<p class="one-page-title">{title}</p>
<p>{author}</p>
<p class="one-page-tools"><a href="{start}">Back to the book</a>
<button type="button" onclick="window.print()">Print or save as PDF</button></p>
<nav aria-label="Chapters"><ul>
{contents}
</ul></nav>
</header>
<main>
{articles}
</main>
</body>
</html>
"""


def setup(app: Sphinx) -> None:
    """Put the page together once all others are written."""
    app.connect("build-finished", _write, priority=700)


def _write(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    toctree = app.env.toctree_includes
    names = [f"{page}.html" for page in _in_order(app.config.root_doc, toctree)]
    write_text(site / NAME, one_page(site, names, app.config.html_title, app.config.author))


def _in_order(page: str, toctree: dict[str, list[str]]) -> list[str]:
    pages = [page]
    for child in toctree.get(page, ()):
        pages += _in_order(child, toctree)
    return pages


def one_page(site: Path, names: list[str], title: str, author: str) -> str:
    """The pages `names` of the built site as one, with links between them turned into anchors."""
    articles, contents, styles, formulas = [], [], [], []
    for name in names:
        soup = BeautifulSoup((site / name).read_text(encoding="utf-8"), "html.parser")
        article = soup.find("article", class_="bd-article")
        for dead in article.select(", ".join(_DEAD)):
            dead.decompose()
        for fallback in article.find_all("noscript"):  # what works on paper too
            fallback.unwrap()
        heading = article.find("h1").get_text().strip()
        _move(article, name, names)
        article.name, article["id"], article["class"] = "section", _anchor(name), "one-page-part"
        articles.append(str(article))
        contents.append(f'<li><a href="#{_anchor(name)}">{escape(heading)}</a></li>')
        for link in soup.select('link[rel="stylesheet"][href]'):
            styles.append(normpath(join(dirname(name), link["href"])))
        formulas = formulas or mathjax(soup, name)
    return _PAGE.format(
        title=escape(title),
        author=escape(author),
        start=names[0],
        styles="\n".join(
            f'<link rel="stylesheet" href="{style}"/>' for style in dict.fromkeys(styles)
        ),
        scripts="\n".join(formulas),
        contents="\n".join(contents),
        articles="\n".join(articles),
    )


def mathjax(soup: BeautifulSoup, name: str) -> list[str]:
    """The settings of MathJax and its script, as the page `name` loads them, from the root."""
    found = []
    for script in soup.find_all("script"):
        if "mathjax" in script.get("src", ""):
            script["src"] = normpath(join(dirname(name), script["src"]))
        elif "window.MathJax" not in (script.string or ""):
            continue
        found.append(str(script))
    return found


def _anchor(name: str, fragment: str = "") -> str:
    page = name.removesuffix(".html").replace("/", "-")
    return f"{page}--{fragment}" if fragment else page


def _move(article: Tag, name: str, names: list[str]) -> None:
    """Make the anchors of a page unlike those of others, and its links fit the new place."""
    for element in article.find_all(True):
        for key in _PLACES:
            if element.get(key):
                text = element[key]
                parts = text if isinstance(text, list) else text.split()
                element[key] = " ".join(_anchor(name, part) for part in parts)
        for key, value in list(element.attrs.items()):
            if key in ("href", "src", "xlink:href"):
                element[key] = _link(value, name, names)
            elif isinstance(value, str) and "url(#" in value:
                element[key] = value.replace("url(#", f"url(#{_anchor(name)}--")
    for style in article.find_all("style"):
        if style.string and "url(#" in style.string:
            style.string = style.string.replace("url(#", f"url(#{_anchor(name)}--")


def _link(url: str, name: str, names: list[str]) -> str:
    parts = urlsplit(url)
    if parts.scheme or parts.netloc:
        return url
    target = normpath(join(dirname(name), parts.path)) if parts.path else name
    if target in names:
        return f"#{_anchor(target, parts.fragment)}"
    return f"{target}#{parts.fragment}" if parts.fragment else target
