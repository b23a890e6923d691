"""The texts that the search shows excerpts of, where the site is read from disk.

The search of Sphinx fetches each page that it found.  Browsers forbid that to a page that was
opened as a file, so `_static/labkit.js` takes the texts from `_static/excerpts.js` there: scripts
may be loaded.  A served site loads nothing of this.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from bs4 import BeautifulSoup
from sphinx.application import Sphinx

from labkit.files import write_text

NAME = "_static/excerpts.js"
_INLINE = ("a", "span", "em", "strong", "code", "cite", "b", "i", "sup", "sub", "label")


def setup(app: Sphinx) -> None:
    """Collect the texts once all pages are written."""
    app.connect("build-finished", _write, priority=740)


def _write(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    texts = {
        f"{page}.html": page_text((site / f"{page}.html").read_text(encoding="utf-8"))
        for page in sorted(app.env.found_docs)
    }
    content = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
    write_text(site / NAME, f"window.labkitExcerpts = {content};\n")


def page_text(html: str) -> str:
    """The page's text, in the one element that the search looks for, with the anchors in it."""
    article = BeautifulSoup(html, "html.parser").find("article", class_="bd-article")
    for dead in article.select("script, style, svg, .headerlink"):
        dead.decompose()
    for element in article.find_all(True):
        if element.name not in _INLINE:
            element.append(" ")  # words of two blocks are two words
        if anchor := element.get("id"):
            element.name, element.attrs = "div", {"id": anchor}
        else:
            element.unwrap()
    text = re.sub(r"\s+", " ", article.decode_contents())
    return f'<div role="main">{text}</div>'
