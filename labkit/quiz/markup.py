"""The text of a question as HTML: emphasis, `code`, and $formulas$ as a platform renders them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

Formula = Callable[[str], str]
"""From the LaTeX of a formula to the HTML of a platform."""


def for_moodle(latex: str) -> str:
    r"""`\(…\)`, which Moodle's filter MathJax takes; a single dollar it does not."""
    return rf"\({escape(latex, quote=False)}\)"


def for_canvas(latex: str) -> str:
    """The picture that Canvas's own editor puts in: drawn by its server, readable as text."""
    text = escape(latex)
    address = quote(quote(latex, safe=""), safe="")  # Canvas's route decodes twice
    return (
        f'<img class="equation_image" title="{text}" src="/equation_images/{address}?scale=1" '
        f'alt="LaTeX: {text}" data-equation-content="{text}"/>'
    )


def to_html(text: str, formula: Formula) -> str:
    """A line of Markdown as a paragraph of HTML; HTML in the text is shown, not obeyed."""
    return f"<p>{_parser().renderInline(text, {'formula': formula}).strip()}</p>"


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    parser = MarkdownIt("commonmark", {"html": False}).use(dollarmath_plugin, double_inline=False)
    parser.disable(["html_inline", "link", "image", "autolink"])
    parser.add_render_rule(
        "math_inline", lambda self, tokens, at, options, env: env["formula"](tokens[at].content)
    )
    return parser
