"""QTI 1.2 in a zip, as Canvas imports it: a quiz for each bank, and a bank of the same name.

The elements are those of the schema of IMS QTI 1.2 (`ims_qtiasiv1p2`); which of them Canvas reads,
and the fields `question_type` and `points_possible`, are known from what it exports itself and from
the converters `canvas_cc` (Instructure) and `text2qti`.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from labkit.quiz.bank import Bank, Choice, Question
from labkit.quiz.gift import COURSE
from labkit.quiz.markup import for_canvas, to_html

QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
_ANSWER = "response1"


def write_qti(banks: Sequence[Bank], target: Path) -> None:
    """Write the zip; the same banks give the same bytes."""
    files = {"imsmanifest.xml": _manifest(banks)}
    files |= {_place(bank): _assessment(bank) for bank in banks}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name, root in files.items():
            ElementTree.indent(root)
            entry = zipfile.ZipInfo(name)  # dated 1980, for the same bytes
            entry.compress_type = zipfile.ZIP_DEFLATED
            text = ElementTree.tostring(root, encoding="unicode")
            package.writestr(entry, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n')


def _manifest(banks: Sequence[Bank]) -> Element:
    names = ",".join(bank.name for bank in banks)
    root = Element("manifest", xmlns=PACKAGE, identifier=_id("manifest", names))
    metadata = SubElement(root, "metadata")
    SubElement(metadata, "schema").text = "IMS Content"
    SubElement(metadata, "schemaversion").text = "1.1.3"
    SubElement(root, "organizations")
    resources = SubElement(root, "resources")
    for bank in banks:
        place = _place(bank)
        resource = SubElement(
            resources, "resource", identifier=_id(bank.name), type="imsqti_xmlv1p2", href=place
        )
        SubElement(resource, "file", href=place)
    return root


def _assessment(bank: Bank) -> Element:
    root = Element("questestinterop", xmlns=QTI)
    number = bank.name.partition("-")[0]
    title = f"{COURSE}, chapter {int(number)}: {bank.title}"
    assessment = SubElement(root, "assessment", ident=_id(bank.name), title=title)
    _fields(assessment, {"cc_maxattempts": "1"})
    section = SubElement(assessment, "section", ident="root_section")
    for question in bank.questions:
        section.append(_item(bank, question))
    return root


def _item(bank: Bank, question: Question) -> Element:
    ident = _id(bank.name, question.title)
    labels = {_id(ident, choice.text): choice for choice in question.choices}
    item = Element("item", ident=ident, title=question.title)
    _fields(
        SubElement(item, "itemmetadata"),
        {
            "question_type": "multiple_choice_question",
            "points_possible": "1",
            "original_answer_ids": ",".join(labels),
        },
    )
    presentation = SubElement(item, "presentation")
    _material(presentation, question.text)
    response = SubElement(presentation, "response_lid", ident=_ANSWER, rcardinality="Single")
    render = SubElement(response, "render_choice", shuffle="Yes")
    for label, choice in labels.items():
        _material(SubElement(render, "response_label", ident=label), choice.text)
    _processing(item, labels)
    for label, choice in labels.items():
        feedback = SubElement(item, "itemfeedback", ident=f"{label}_fb")
        _material(SubElement(feedback, "flow_mat"), choice.feedback)
    return item


def _processing(item: Element, labels: dict[str, Choice]) -> None:
    processing = SubElement(item, "resprocessing")
    score = {"maxvalue": "100", "minvalue": "0", "varname": "SCORE", "vartype": "Decimal"}
    SubElement(SubElement(processing, "outcomes"), "decvar", score)
    for label in labels:
        condition = _when(processing, label, "Yes")
        SubElement(condition, "displayfeedback", feedbacktype="Response", linkrefid=f"{label}_fb")
    [right] = (label for label, choice in labels.items() if choice.right)
    condition = _when(processing, right, "No")
    SubElement(condition, "setvar", action="Set", varname="SCORE").text = "100"


def _when(processing: Element, label: str, goes_on: str) -> Element:
    condition = SubElement(processing, "respcondition", {"continue": goes_on})
    variables = SubElement(condition, "conditionvar")
    SubElement(variables, "varequal", respident=_ANSWER).text = label
    return condition


def _fields(parent: Element, fields: dict[str, str]) -> None:
    metadata = SubElement(parent, "qtimetadata")
    for name, value in fields.items():
        field = SubElement(metadata, "qtimetadatafield")
        SubElement(field, "fieldlabel").text = name
        SubElement(field, "fieldentry").text = value


def _material(parent: Element, text: str) -> None:
    material = SubElement(parent, "material")
    SubElement(material, "mattext", texttype="text/html").text = to_html(text, for_canvas)


def _place(bank: Bank) -> str:
    return f"{_id(bank.name)}/{_id(bank.name)}.xml"


def _id(*parts: str) -> str:
    """An identifier of letters and digits that stays the same while the texts do."""
    return "g" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:31]
