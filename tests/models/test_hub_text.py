"""WikiText-2 from the hub, fetched and loaded as a user's process does it, against the stand-in."""

from hub_client import run
from hub_material import WIKI_ARTICLES, write_wikitext
from hub_standin import Fault, Repo, Standin

from labkit.models import sources

LOAD = """
from labkit.evaluation.text import load_text
found = [load_text("hub", split) for split in (None, "train", "test")]
give([[list(t), t.name, t.split, list(t.left_out)] for t in found])
"""


def test_wikitext_is_fetched_once_and_joined_to_articles(tmp_path):
    data = {sources.HUB_TEXT[0]: Repo(write_wikitext(tmp_path / "wikitext"))}
    with Standin({}, data) as hub:
        hub.faults.append(Fault("flip", "validation", times=1))
        spoilt = run(LOAD, tmp_path, hub.url)
        assert "WikiText-2" in spoilt.error and "damaged on its way" in spoilt.error
        fetch = (
            "from labkit.models import hub; give([f.what for f in hub.fetch([], False, text=True)])"
        )
        assert run(fetch, tmp_path, hub.url).value == ["WikiText-2"]
        asked = {path for path, _ in hub.downloads()}
        assert all("/wikitext-2-raw-v1/" in path for path in asked) and len(asked) == 3
        hub.down = True
        validation, train, test = run(LOAD, tmp_path, hub.url).value
    said = "12 rows are lines of 2 articles, joined at their titles; 6 of them are empty"
    assert validation[:3] == [WIKI_ARTICLES, "WikiText-2", "validation"]
    assert train == [WIKI_ARTICLES, "WikiText-2", "train", [said]]
    assert test[0] == WIKI_ARTICLES[:1]


def test_without_the_hub_the_error_names_what_works(tmp_path):
    with Standin({}, {}) as hub:
        hub.down = True
        error = run(LOAD, tmp_path, hub.url).error
    assert "WikiText-2 (Salesforce/wikitext) is not in the cache" in error
    assert "labkit fetch" in error
