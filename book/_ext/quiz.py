"""The directive `quiz`: a question with options, each with its feedback.

    ```{quiz}
    A model is pruned to 90 %. How large is its file?
    - [ ] A tenth of what it was.
      > A zero is stored like any other number.
    - [x] As large as before.
      > Only a format that leaves zeros out is smaller.
    ```

Exactly one option is right, and each has feedback. Without scripts the feedback stands under
"Answer"; with them (`_static/quiz.js`) a reader who picks an option gets the feedback of that one.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from labkit.quiz import QuizError, read_quiz


class quiz(nodes.General, nodes.Element):
    """Holds a `quiz_question`, and for each option a `quiz_option` and a `quiz_feedback`."""


class quiz_question(nodes.General, nodes.TextElement):
    """The question."""


class quiz_option(nodes.General, nodes.TextElement):
    """An option, with `letter` and the `group` of its quiz."""


class quiz_feedback(nodes.General, nodes.TextElement):
    """The feedback of an option, with `letter` and `right`."""


class Quiz(SphinxDirective):
    """`{quiz}`, with the question and its options as content."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The quiz, or an error that fails the build."""
        try:
            question, options = read_quiz(list(self.content))
        except QuizError as error:
            # MyST counts the lines of the content from the directive.
            inside = self.content_offset + 1 + error.line if error.line >= 0 else 0
            line = self.lineno + inside
            return [self.state.document.reporter.error(f"quiz: {error}", line=line)]
        group = f"quiz-{self.env.docname}-{self.env.new_serialno('quiz')}"
        node = quiz(group=re.sub(r"[^\w-]", "-", group))
        node += self._inline(quiz_question(), question, 0)
        for number, option in enumerate(options):
            letter = chr(ord("A") + number)
            node += self._inline(
                quiz_option(letter=letter, group=node["group"]), option.text, option.line
            )
        for number, option in enumerate(options):
            letter = chr(ord("A") + number)
            feedback = quiz_feedback(letter=letter, right=option.right)
            node += self._inline(feedback, option.feedback, option.feedback_line)
        return [node]

    def _inline(self, node: nodes.Element, lines: list[str], offset: int) -> nodes.Element:
        """`node` with the text of one paragraph in it, its markup parsed."""
        parsed = nodes.Element()
        text = StringList([" ".join(lines)], self.state.document["source"])
        self.state.nested_parse(text, self.content_offset + offset, parsed)
        for child in parsed:
            node += child.children if isinstance(child, nodes.paragraph) else child
        return node


def _visit_quiz(self: Any, node: quiz) -> None:
    self.body.append('<div class="lk-quiz"><fieldset>\n')


def _depart_quiz(self: Any, node: quiz) -> None:
    self.body.append("</ul></details></div>\n")


def _visit_question(self: Any, node: quiz_question) -> None:
    self.body.append("<legend>")


def _depart_question(self: Any, node: quiz_question) -> None:
    self.body.append("</legend>\n")


def _visit_option(self: Any, node: quiz_option) -> None:
    self.body.append(
        f'<label><input type="radio" name="{node["group"]}" value="{node["letter"]}"> '
        f'<span class="lk-letter">{node["letter"]}.</span> <span>'
    )


def _depart_option(self: Any, node: quiz_option) -> None:
    self.body.append("</span></label>\n")


def _visit_feedback(self: Any, node: quiz_feedback) -> None:
    if node["letter"] == "A":
        self.body.append(
            '</fieldset>\n<div class="lk-reply" role="status"></div>\n'
            '<details class="lk-answer"><summary>Answer</summary><ul>\n'
        )
    verdict, kind = ("Right.", "right") if node["right"] else ("Not quite.", "wrong")
    self.body.append(
        f'<li data-letter="{node["letter"]}" class="lk-{kind}">'
        f"<strong>{node['letter']}. {verdict}</strong> "
    )


def _depart_feedback(self: Any, node: quiz_feedback) -> None:
    self.body.append("</li>\n")


def _pass(self: Any, node: nodes.Node) -> None:
    """Nothing to write."""


def _letter(node: nodes.Element) -> str:
    if "letter" not in node:
        return ""
    verdict = "" if "right" not in node else ("Right. " if node["right"] else "Not quite. ")
    return f"{node['letter']}. {verdict}"


def _visit_text(self: Any, node: nodes.Element) -> None:
    self.new_state(0)
    self.add_text(_letter(node))


def _depart_text(self: Any, node: nodes.Element) -> None:
    self.end_state()


def _visit_latex(self: Any, node: nodes.Element) -> None:
    self.body.append("\n\n" + _letter(node))


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    visitors = {
        quiz: (_visit_quiz, _depart_quiz),
        quiz_question: (_visit_question, _depart_question),
        quiz_option: (_visit_option, _depart_option),
        quiz_feedback: (_visit_feedback, _depart_feedback),
    }
    for node, html in visitors.items():
        plain = (_pass, _pass) if node is quiz else (_visit_text, _depart_text)
        app.add_node(node, html=html, text=plain, latex=(_visit_latex, _pass))
    app.add_directive("quiz", Quiz)
    for name in ("quiz", "explorer"):  # the explorer's pages need its script and style
        app.add_css_file(f"{name}.css")
        app.add_js_file(f"{name}.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
