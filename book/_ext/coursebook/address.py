"""The course's public address: one setting, and nothing points anywhere while it is empty.

`course_repository` in `_config.yml` is the address of the repository on GitHub, for example
`https://github.com/OWNER/REPOSITORY`. The site's own address follows from it (GitHub Pages).
"""

from __future__ import annotations

import re
from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

from labkit.errors import InputError
from labkit.labs.address import Address, read_address


def public_address(config: Config) -> Address | None:
    """The address that `_config.yml` states, or None while it is empty."""
    try:
        return read_address(config.course_repository, config.course_branch)
    except InputError as error:
        raise ConfigError(str(error)) from None


def setup(app: Sphinx) -> None:
    """Register the settings, the site's address and each page's description."""
    app.add_config_value("course_repository", "", "env")
    app.add_config_value("course_branch", "main", "env")
    app.connect("config-inited", _site_address)
    app.connect("html-page-context", _describe)
    app.connect("html-page-context", _report)


def _site_address(app: Sphinx, config: Config) -> None:
    address = public_address(config)
    if address and not config.html_baseurl:
        config.html_baseurl = address.site


def _report(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Where a problem of the page is reported, for the template beside the list of pages."""
    if address := public_address(app.config):
        context["report_problem"] = address.report(page)


def _describe(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document
) -> None:
    """Title, description and address of a page for search engines and previews of links."""
    if doctree is None:
        return
    texts = (node.astext() for node in doctree.findall(nodes.paragraph))
    text = " ".join(next(texts, "").split())
    if len(text) > 200:
        text = text[:200].rsplit(" ", 1)[0] + " …"
    properties = {"og:type": "website", "og:title": context["title"], "og:description": text}
    properties["og:site_name"] = app.config.html_title
    if context.get("pageurl"):
        properties["og:url"] = context["pageurl"]
    tags = [f'<meta name="description" content="{escape(text)}"/>']
    tags += [
        f'<meta property="{name}" content="{escape(re.sub("<[^>]+>", "", value))}"/>'
        for name, value in properties.items()
    ]
    context["metatags"] = context.get("metatags", "") + "\n".join(["", *tags, ""])
