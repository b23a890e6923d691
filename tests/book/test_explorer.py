import copy
import dataclasses
import json
import re

import numpy as np
import pytest
from text_costs import texts

from labkit import load_model, measure_size, sweep
from labkit.book.explorer import LEVELS, PARTS, PERCENTS, SIDE, explorer_data, nearest_level
from labkit.book.explorer_page import markup
from labkit.errors import InputError
from labkit.models.prunable import prunable_layers
from labkit.pruning.prune import LEVELS as COURSE_LEVELS
from labkit.study.run import run_study
from labkit.study.settings import Settings

SMALL = Settings(levels=(0, 0.5, 0.9), limit=24, length=8)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return run_study(SMALL, tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def data(study):
    return explorer_data(study, texts(SMALL.levels))


def by_name(data):
    return {model["name"]: model for model in data["models"]}


def test_the_sliders_levels_hold_those_of_the_course():
    assert set(COURSE_LEVELS) | {0.0} <= set(LEVELS) and sorted(LEVELS) == list(LEVELS)


@pytest.mark.parametrize("name", SMALL.models)
def test_cut_patch_and_bytes_are_those_of_the_pruned_model(data, name):
    shown = by_name(data)[name]
    model = load_model(name).model
    dense = {layer.name: layer.weight.detach().clone() for layer in prunable_layers(model)}
    for pruning in sweep(model, [0.01, 0.29, 0.5, 0.9, 0.97, 0.99], keep_masks=True):
        percent = round(100 * pruning.requested)
        gone = [dense[key].abs()[~mask] for key, mask in pruning.masks.items()]
        assert shown["cut"][percent] == max(float(part.max()) for part in gone if part.numel())
        assert shown["zeros"][percent] == pruning.zeros and shown["weights"] == pruning.total

        patch = shown["patch"]
        layer = next(la for la in pruning.layers if la.name == patch["parameter"])
        mask, weight = pruning.masks[layer.name], dense[layer.name]
        if layer.transposed:
            mask, weight = mask.T, weight.T
        assert (np.array(patch["gone"]) > percent).tolist() == mask[:SIDE, :SIDE].flatten().tolist()
        assert patch["values"] == weight[:SIDE, :SIDE].flatten().tolist()

        size, counted = measure_size(model), shown["bytes"]
        assert counted["file"] == size.file_bytes
        for form in ("csr", "bitmask", "entropy"):
            assert counted[form][percent] == getattr(size, f"{form}_bytes")
            assert len(counted[form]) == len(PERCENTS)


def test_the_dense_model_is_cut_nowhere(data):
    for model in data["models"]:
        assert model["cut"][0] == 0 and model["zeros"][0] == 0
        assert min(model["patch"]["gone"]) >= 1 and max(model["patch"]["gone"]) == 100


def test_what_is_measured_is_the_table_of_the_study(study, data):
    for model in data["models"]:
        rows = study.results[study.results["name"] == model["name"]]
        assert [level["percent"] for level in model["measured"]] == [0, 50, 90]
        for level, row in zip(model["measured"], rows.to_dict("records"), strict=True):
            for column in ("accuracy", "accuracy_low", "f1_high", "runtime_median"):
                assert level[column] == row[column]
            assert level["zstd"] == row["zstd_bytes"]
            assert (level["collapsed_to"] is None) == (row["share_positive"] not in (0, 1))
            percent = round(100 * row["level"])
            for form in ("csr", "bitmask", "entropy"):
                assert model["bytes"][form][percent] == row[f"{form}_bytes"]


def test_the_histogram_counts_all_but_the_far_tails(data):
    for model in data["models"]:
        counts, limit = model["histogram"]["counts"], model["histogram"]["limit"]
        assert 0.998 < sum(counts) / model["weights"] <= 1
        assert model["cut"][99] < limit, "the cut stays on the picture"


def test_of_two_levels_equally_near_the_lower_is_shown():
    levels = [0, 10, 90, 95, 99]
    assert [levels[nearest_level(p, levels)] for p in (0, 5, 6, 52, 97, 98)] == [
        *(0, 0, 10, 90, 95, 99)
    ]


def test_a_level_beside_the_sliders_stops_is_refused(study):
    settings = dataclasses.replace(study.settings, levels=(0, 0.29, 0.995))
    with pytest.raises(InputError, match=r"level 0\.995 is no stop"):
        explorer_data(dataclasses.replace(study, settings=settings))


@pytest.mark.parametrize("part", PARTS)
def test_a_page_carries_only_what_it_shows(data, part):
    page = markup(data, (part,))
    assert re.findall(r'<figure data-part="(\w+)"', page) == [part]
    assert ' id="' not in page, "several explorers of a page must not clash"
    assert "not figures of the published" in page
    baked = json.loads(re.search(r'<script type="application/json">(.*)</script>', page)[1])
    model = baked["models"]["gpt2"]
    assert ("patch" in model) == (part == "patch") and ("bytes" in model) == (part == "size")


def test_texts_are_those_of_the_language_model(data):
    page = markup(data, ("text",))
    baked = json.loads(re.search(r'<script type="application/json">(.*)</script>', page)[1])
    said = baked["models"]["gpt2"]["texts"]
    assert said[0].endswith("Asked to go on from “The city”: “said </script> 0”")
    assert "perplexity 2.35 (95\u00a0% interval 2.00–3.00), of 1,600 tokens" in said[0]
    assert "uniform guess" not in said[0] and "A uniform guess does no worse." in said[2]
    assert "3.7 × 10⁷" in said[2] and "23,500 " in said[1]
    assert baked["models"]["gpt2"]["paid"][0] == "perplexity 2.35"
    assert "Asked" not in baked["models"]["roberta"]["texts"][0]
    assert set(baked["models"]["bart"]["texts"]) == {
        "No language model of this family comes with this installation."
    }
    # One interval and one marker for each level of two models, and no script ends early.
    assert page.count("<circle") == 6 and page.count("</script>") == 1
    heights = [float(y) for y in re.findall(r'<circle[^>]* cy="([\d.]+)"', page)[:3]]
    assert heights == sorted(heights, reverse=True) and heights[0] - heights[2] > 100


def test_texts_that_are_missing_or_of_other_levels_are_refused(study):
    plain = explorer_data(study)
    assert 'data-part="text"' not in markup(plain) and 'data-part="scores"' in markup(plain)
    with pytest.raises(InputError, match="no texts to show"):
        markup(plain, ("text",))
    with pytest.raises(InputError, match="texts of gpt2 are not of the levels"):
        explorer_data(study, {"gpt2": texts((0, 0.5))["gpt2"]})


@pytest.mark.parametrize(("show", "wrong"), [(("scores", "speed"), "'speed'"), ((), "nothing")])
def test_a_part_that_does_not_exist_is_refused(data, show, wrong):
    with pytest.raises(InputError, match=f"cannot show {wrong}: choose from histogram, patch"):
        markup(data, show)


def test_a_title_cannot_inject_markup(data):
    named = copy.deepcopy(data)
    named["models"][0]["title"] = '</script><b class="x">'
    page = markup(named)
    assert page.count("</script>") == 1 and "<b class" not in page
