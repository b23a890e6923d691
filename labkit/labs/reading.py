"""Where a lab's links to the book lead: the built page where there is one, else a readable copy."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urljoin

from labkit.errors import InputError
from labkit.files import write_text
from labkit.labs.address import course_address

_LINK = re.compile(r"\]\(\.\./\.\./book/([\w-]+)\.md(#[^)\s\\\"]*)?\)")
_FENCE = re.compile(r"(`{3,}|:{3,})\{([\w:-]+)\}(.*)")
_OPTION = re.compile(r":[\w-]+:.*")
_ROLE = re.compile(r"\{(glue:text|[a-z]+)\}`([^`]+)`")
_LABEL = re.compile(r"\(([\w.:-]+)\)=")
_HIDDEN = ("remove-cell", "remove-input")

_GAP = "▢"
_NOTE = f"""\
> A copy of the chapter's text. A {_GAP} stands for a number, a figure or a quiz that only the built
> book has: `make book` in the course's folder builds it; `labkit start` then links to it.
"""


def linked(text: str, target: Path, folder: Path, root: Path) -> str:
    """The text of a notebook of exercises/NAME, its links to the book as seen from `target`.

    They lead to the page that `make book` has built where the notebook lies inside the course, else
    to the course's public address, else to a readable copy of the page, which is written to
    `folder`/book where there is none yet.

    Raises:
        SourceError: a copy cannot be written.
    """
    site = _site(root)

    def link(found: re.Match) -> str:
        page, anchor = found[1], found[2] or ""
        built = root / "_build" / "html" / "book" / f"{page}.html"
        if built.is_file() and target.resolve().is_relative_to(root.resolve()):
            return f"]({_way(target, built)}{anchor})"
        if site:
            return f"]({urljoin(site, f'book/{page}.html')}{anchor})"
        source, copy = root / "book" / f"{page}.md", folder / "book" / f"{page}.md"
        if not source.is_file():
            return found[0]
        if not copy.exists():
            write_text(copy, readable(source.read_text(encoding="utf-8")))
        return f"]({_way(target, copy)}{anchor})"

    return _LINK.sub(link, text)


def readable(text: str) -> str:
    """A page of the book in plain Markdown: its text and the code that it shows.

    Numbers, figures and quizzes, which only the built page has, leave a mark.
    """
    lines = iter(_without_front_matter(text.splitlines()))
    result, fences = [], []
    for line in lines:
        if fences and line.strip() == fences[-1]:
            fences.pop()
        elif label := _LABEL.fullmatch(line):
            result.append(f'<a id="{label[1]}"></a>')
        elif (fence := _FENCE.match(line)) is None:
            result.append(_ROLE.sub(_said, line))
        elif fence[2] == "code-cell":
            result += _code(lines, fence[1])
        elif fence[2] in ("quiz", "lab", "bibliography", "mistakes", "glue:figure", "figure"):
            result += _gap(lines, fence[1], fence[2])
        elif fence[2] == "math":
            result += ["$$", *_inside(lines, fence[1]), "$$"]
        else:  # a box of text
            fences.append(fence[1])
            result += [f"**{(fence[3].strip() or fence[2]).capitalize()}**", ""]
    head, *rest = result
    return "\n".join([head, "", _NOTE, *rest]) + "\n"


def _without_front_matter(lines: list[str]) -> list[str]:
    if lines[:1] == ["---"]:
        lines = lines[lines.index("---", 1) + 1 :]
    while lines and not lines[0].strip():
        lines = lines[1:]
    return lines


def _inside(lines: Iterator[str], fence: str) -> list[str]:
    """The lines up to the end of the block, without its options."""
    inside = []
    for line in lines:
        if line.strip() == fence:
            break
        inside.append(line)
    while inside and (_OPTION.fullmatch(inside[0]) or not inside[0].strip()):
        inside.pop(0)
    return inside


def _code(lines: Iterator[str], fence: str) -> list[str]:
    body, options = [], ""
    for line in lines:
        if line.strip() == fence:
            break
        if not body and _OPTION.fullmatch(line):
            options += line
        elif body or line.strip():
            body.append(line)
    if any(tag in options for tag in _HIDDEN):
        return []
    return ["```python", *body, "```"]


def _gap(lines: Iterator[str], fence: str, kind: str) -> list[str]:
    inside = _inside(lines, fence)
    if kind.endswith("figure"):
        said = " ".join(_ROLE.sub(_said, line) for line in inside)
        return [f"{_GAP} *Figure.* {said.strip()}"]
    return [f"{_GAP} *{kind}*"] if kind == "quiz" else []


def _said(role: re.Match) -> str:
    kind, text = role.groups()
    if kind == "glue:text":
        return _GAP
    if kind == "cite":
        return f"[{text}]"
    if kind == "numref":
        return "the figure"
    if kind == "eq":
        return "the formula"
    return re.sub(r"\s*<[^>]*>$", "", text)


def _way(target: Path, to: Path) -> str:
    try:
        way = os.path.relpath(to.resolve(), target.parent.resolve())
    except ValueError:  # on another drive of Windows there is no relative way
        return to.resolve().as_uri()
    return quote(Path(way).as_posix())


def _site(root: Path) -> str:
    try:
        address = course_address(root)
    except InputError:
        return ""
    return address.site if address else ""
