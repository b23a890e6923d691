"""`labkit.models.hub` as a user's process runs it, against the stand-in: what goes wrong."""

import socket
import time
from pathlib import Path

import pytest
from hub_client import run, start
from hub_standin import Fault
from test_hub_fetch import FETCH_ONE, ROBERTA
from turns import in_turn

CLOSED = "http://127.0.0.1:1"
LOAD_MODEL = """
from labkit.models.load import load_model
give(load_model("roberta", source="hub", head="fresh").spec.head)
"""
REQUIRE = f"from labkit.models import hub; give(hub.require_model('{ROBERTA}'))"
WEIGHTS = "model.safetensors"


def weights_of(models):
    return (models[ROBERTA].folder / WEIGHTS).read_bytes()


def cached_weights(home):
    return [p for p in home.rglob(WEIGHTS) if p.is_file()]


def test_the_client_cannot_leave_the_loopback(tmp_path):
    for host in ("192.0.2.1", "huggingface.co"):
        code = f"import socket; socket.create_connection(({host!r}, 443))"
        process = start(code, tmp_path, CLOSED)
        _, error = process.communicate(timeout=30)
        assert process.returncode == 97
        assert "left the loopback" in error


@pytest.fixture(params=["refused", "silent", "offline", "503"])
def no_hub(request, hub):
    """(endpoint, environment, reason given) of hubs that cannot be used."""
    if request.param == "refused":
        yield CLOSED, {}, "refused"
    elif request.param == "offline":
        yield hub.url, {"HF_HUB_OFFLINE": "1"}, "offline mode is set (HF_HUB_OFFLINE)"
    elif request.param == "503":
        hub.faults.append(Fault("status", "/", after=503))
        yield hub.url, {}, "HTTP 503"
    else:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            yield f"http://127.0.0.1:{silent.getsockname()[1]}", {}, "gave no answer within 3 s"


def test_without_hub_and_cache_the_error_comes_in_seconds(no_hub, tmp_path):
    url, env, reason = no_hub
    model = run(REQUIRE, tmp_path, url, **env)
    assert model.error.startswith(f"roberta ({ROBERTA}) is not in the cache ({tmp_path}")
    assert reason in model.error
    assert "Run `labkit fetch` when online" in model.error
    assert "--source mini" in model.error
    assert model.seconds < 20


def test_without_hub_and_cache_the_corpus_says_the_same(tmp_path):
    corpus = run("from labkit.evaluation.mrpc import load_mrpc; load_mrpc('hub')", tmp_path, CLOSED)
    assert corpus.error.startswith("MRPC (nyu-mll/glue) is not in the cache")
    assert "`labkit fetch`" in corpus.error
    assert "--data mini" in corpus.error
    assert corpus.seconds < 20


def test_a_broken_line_is_tried_again_within_the_call(hub, models, tmp_path):
    hub.faults.append(Fault("cut", f"/cdn/models/{ROBERTA}", after=30_000, times=2))
    run(FETCH_ONE, tmp_path, hub.url)
    assert sum("/cdn/" in path for path, _ in hub.downloads()) == 3
    assert cached_weights(tmp_path)[0].read_bytes() == weights_of(models)


def test_a_hub_that_goes_down_half_way_loses_no_finished_file(hub, models, tmp_path):
    hub.faults.append(Fault("down", f"/cdn/models/{ROBERTA}", after=50_000, times=1))
    error = run(FETCH_ONE, tmp_path, hub.url).error
    assert f"the download of roberta ({ROBERTA}) broke off" in error
    assert "run `labkit fetch` again" in error
    assert cached_weights(tmp_path) == []

    error = run(REQUIRE, tmp_path, CLOSED).error
    assert "is only partly in the cache, without the weights and the tokenizer" in error

    hub.down = False
    hub.requests.clear()
    run(FETCH_ONE, tmp_path, hub.url)
    assert not [path for path, _ in hub.downloads() if path.endswith("/config.json")]
    assert cached_weights(tmp_path)[0].read_bytes() == weights_of(models)
    assert list(tmp_path.rglob("*.incomplete")) == []


def test_a_killed_client_leaves_nothing_half_done(hub, models, tmp_path):
    hub.faults.append(Fault("stall", f"/cdn/models/{ROBERTA}", after=40_000, times=1))
    process = start(FETCH_ONE, tmp_path, hub.url)
    deadline = time.monotonic() + 60
    while not any("/cdn/" in path for path, _ in hub.downloads()):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.communicate()

    error = run(REQUIRE, tmp_path, CLOSED).error
    assert "is only partly in the cache" in error
    hub.requests.clear()
    run(FETCH_ONE, tmp_path, hub.url)
    assert not [path for path, _ in hub.downloads() if path.endswith("/config.json")]
    assert cached_weights(tmp_path)[0].read_bytes() == weights_of(models)


@pytest.mark.parametrize(
    ("fault", "says"),
    in_turn(
        [
            (Fault("short", "/cdn/", after=50_000), "should be of size"),
            (Fault("flip", "/cdn/"), "bytes) has checksum"),
            (Fault("status", "/cdn/", after=500), "500"),
            (Fault("status", "/cdn/", after=404), "404"),
            (Fault("hang", "/cdn/"), "broke off: "),
            (Fault("status", "/api/", after=500), "500"),
        ]
    ),
    ids=["short", "flip", "500", "404", "hang", "api 500"],
)
def test_a_bad_answer_never_enters_the_cache(fault, says, hub, models, tmp_path):
    hub.faults.append(fault)
    error = run(FETCH_ONE, tmp_path, hub.url).error
    assert f"roberta ({ROBERTA})" in error
    assert says in error
    assert "`labkit fetch` again" in error
    assert "--source mini" in error
    assert cached_weights(tmp_path) == []

    hub.faults.clear()
    run(FETCH_ONE, tmp_path, hub.url)
    assert cached_weights(tmp_path)[0].read_bytes() == weights_of(models)


@pytest.mark.parametrize("damage", ["cut", "flip"])
@pytest.mark.parametrize("name", [WEIGHTS, "config.json"])
def test_a_damaged_cache_is_noticed_and_mended(damage, name, hub, models, tmp_path):
    found = run(FETCH_ONE, tmp_path, hub.url).value["found"][0]
    blob = (Path(found["path"]) / name).resolve()
    whole = blob.read_bytes()
    bad = whole[:-100] if damage == "cut" else whole[:200] + b"#" + whole[201:]
    blob.write_bytes(bad)

    error = run(REQUIRE, tmp_path, CLOSED).error
    assert f"is damaged in the cache: {name} ({len(bad):,} bytes) has checksum" in error
    assert "`labkit fetch`" in error
    assert blob.read_bytes() == bad  # nothing is thrown away that cannot be had again

    hub.requests.clear()
    run(REQUIRE, tmp_path, hub.url)
    assert {path.rpartition("/")[2] for path, _ in hub.downloads()} == {name}
    assert (Path(found["path"]) / name).read_bytes() == whole


def test_load_model_says_what_is_damaged(hub, tmp_path):
    found = run(FETCH_ONE, tmp_path, hub.url).value["found"][0]
    blob = (Path(found["path"]) / WEIGHTS).resolve()
    blob.write_bytes(blob.read_bytes()[:50_000])
    error = run(LOAD_MODEL, tmp_path, CLOSED).error
    assert f"roberta ({ROBERTA}) is damaged in the cache: {WEIGHTS} (50,000 bytes)" in error


def test_three_clients_at_once_do_not_spoil_each_other(hub, models, tmp_path):
    clients = [start(FETCH_ONE, tmp_path, hub.url) for _ in range(3)]
    for client in clients:
        out, err = client.communicate(timeout=60)
        assert "RESULT" in out, err
    assert cached_weights(tmp_path)[0].read_bytes() == weights_of(models)
    assert sum("/cdn/" in path for path, _ in hub.downloads()) == 1
