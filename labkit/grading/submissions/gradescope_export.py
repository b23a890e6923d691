"""The names of students in Gradescope's "Download submissions".

Its folders are called `submission_NUMBER`; whose they are stands beside them in
`submission_metadata.yml`: `:submitters:` with `:name:`, `:sid:` and `:email:` of each, and
`:created_at:` (as the `GradescopeParser` of otter-grader reads it, and other converters on GitHub).
A group has several submitters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from labkit.errors import InputError
from labkit.grading.submissions.archive import File
from labkit.grading.submissions.platforms import Label
from labkit.grading.submissions.roster import Sender

METADATA = "submission_metadata.yml"
_FOLDER = re.compile(r"submission_\d+")


def submitters(files: Sequence[File]) -> dict[str, list[Label]]:
    """Labels of each folder of an export, one for each student of a group; else nothing.

    Raises:
        InputError: the folders are Gradescope's, and the file with the names is not there, or is
            none.
    """
    said = next((one for one in files if one.parts == (METADATA,)), None)
    if said is None:
        folders = {one.parts[0] for one in files if len(one.parts) > 1 or one.folder}
        if len(folders) > 1 and all(_FOLDER.fullmatch(name) for name in folders):
            raise InputError(
                f"the folders are called {min(folders)} and so on, as Gradescope names them, and "
                f"the names of students stand in {METADATA}, which is missing. Give the whole "
                "export, or a --map FILE with the columns submission and student."
            )
        return {}
    found = _loaded(said)
    labels = {}
    for folder, entry in found.items():
        if isinstance(entry, dict) and isinstance(entry.get(":submitters"), list):
            moment = _moment(entry.get(":created_at"))
            people = [one for one in entry[":submitters"] if isinstance(one, dict)]
            labels[str(folder)] = [Label(_sender(one), moment=moment) for one in people]
    if not any(labels.values()):
        raise InputError(f"{said.origin} names no submitters; download the export again.")
    for file in files:
        top = file.parts[0]
        if _FOLDER.fullmatch(top) and not labels.get(top):  # nobody's, but handed in all the same
            labels[top] = [Label(Sender(top, "gradescope"))]
    return labels


def _loaded(said: File) -> dict[Any, Any]:
    import yaml

    class Loader(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):
        """Texts alone: 00012 is no number; what Ruby wrote as objects of its own is plain data."""

    def plain(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return loader.construct_scalar(node)

    Loader.add_multi_constructor("!", plain)
    try:
        found = yaml.load(said.read(), Loader)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{said.origin} cannot be read as YAML ({reason}).") from None
    return found if isinstance(found, dict) else {}


def _sender(one: dict[Any, Any]) -> Sender:
    said = (str(one.get(key) or "").strip() for key in (":sid", ":name", ":email"))
    sid, name, email = ("" if text in ("~", "null") else text for text in said)
    return Sender(name or email or sid, "gradescope", sid, tuple(k for k in (sid, email) if k))


def _moment(said: Any) -> datetime | None:
    """As Ruby writes times, in UTC where there is no zone; a text that is none is left out."""
    text = re.sub(r"(\.\d{6})\d*", r"\1", str(said).replace(" UTC", "Z"))
    try:
        moment = datetime.fromisoformat(re.sub(r" +(?=Z|[+-]\d\d:?\d\d$)", "", text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
