"""Moodle's XML (docs.moodle.org, "Moodle XML format"): multiple choice with feedback."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from labkit.quiz.bank import Bank, Question
from labkit.quiz.gift import category
from labkit.quiz.markup import for_moodle, to_html


def moodle_xml(banks: Sequence[Bank]) -> str:
    """All questions, each bank in a category of its own."""
    quiz = Element("quiz")
    for bank in banks:
        holder = SubElement(quiz, "question", type="category")
        _text(SubElement(holder, "category"), category(bank))
        for question in bank.questions:
            quiz.append(_question(question))
    ElementTree.indent(quiz)
    body = ElementTree.tostring(quiz, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _question(question: Question) -> Element:
    element = Element("question", type="multichoice")
    _text(SubElement(element, "name"), question.title)
    _html(element, "questiontext", question.text)
    for name, value in (
        ("defaultgrade", "1"),
        ("penalty", "1"),
        ("hidden", "0"),
        ("single", "true"),
        ("shuffleanswers", "true"),
        ("answernumbering", "abc"),
    ):
        SubElement(element, name).text = value
    for choice in question.choices:
        answer = _html(element, "answer", choice.text, fraction="100" if choice.right else "0")
        _html(answer, "feedback", choice.feedback)
    return element


def _html(parent: Element, name: str, text: str, **attributes: str) -> Element:
    element = SubElement(parent, name, **attributes, format="html")
    _text(element, to_html(text, for_moodle))
    return element


def _text(parent: Element, text: str) -> None:
    SubElement(parent, "text").text = text
