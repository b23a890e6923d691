"""The course's public address: one setting, and nothing points anywhere while it is empty.

`course_repository` in `_config.yml` is the address of the repository on GitHub, for example
`https://github.com/OWNER/REPOSITORY`. The site's own address follows from it (GitHub Pages).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

_REPOSITORY = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?")


@dataclass(frozen=True)
class Address:
    """Owner and name of a repository on GitHub, and the branch that readers get."""

    owner: str
    repository: str
    branch: str

    @property
    def site(self) -> str:
        """Address of the built site on GitHub Pages."""
        return f"https://{self.owner.lower()}.github.io/{self.repository}/"

    def colab(self, path: str) -> str:
        """Address that opens the notebook at `path` of the repository in Google Colab."""
        place = f"{self.owner}/{self.repository}/blob/{quote(self.branch)}"
        return f"https://colab.research.google.com/github/{place}/{quote(path)}"

    def binder(self, path: str) -> str:
        """Address that opens the notebook at `path` of the repository on mybinder.org."""
        place = f"{self.owner}/{self.repository}/{quote(self.branch, safe='')}"
        return f"https://mybinder.org/v2/gh/{place}?labpath={quote(path, safe='')}"


def public_address(config: Config) -> Address | None:
    """The address that `_config.yml` states, or None while it is empty."""
    text = (config.course_repository or "").strip()
    if not text:
        return None
    found = _REPOSITORY.fullmatch(text)
    if not found:
        raise ConfigError(
            f"course_repository in _config.yml is {text!r}: write "
            "https://github.com/OWNER/REPOSITORY, or leave it empty"
        )
    return Address(*found.groups(), config.course_branch)


def setup(app: Sphinx) -> None:
    """Register the settings, the site's address and each page's description."""
    app.add_config_value("course_repository", "", "env")
    app.add_config_value("course_branch", "main", "env")
    app.connect("config-inited", _site_address)
    app.connect("html-page-context", _describe)


def _site_address(app: Sphinx, config: Config) -> None:
    address = public_address(config)
    if address and not config.html_baseurl:
        config.html_baseurl = address.site


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
