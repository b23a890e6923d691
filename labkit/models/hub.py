"""The Hugging Face hub: what is cached and whole, whether it can be reached, and fetching.

Files live in the hub client's own cache (`HF_HOME`): what other tools downloaded is used, and
`from_pretrained` and `load_dataset` find what `labkit fetch` brought.  The client downloads; what
it leaves out (huggingface_hub 2.4) is done here: the checksum of each file is compared, as it comes
in and when it is read later.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from labkit.errors import SourceError
from labkit.models import hub_cache, sources

if TYPE_CHECKING:
    from datasets import DatasetDict
    from huggingface_hub.hf_api import RepoFile


@dataclass(frozen=True)
class Progress:
    """How far the download of one model or corpus is: `done` of `total` bytes, now at `file`."""

    what: str
    file: str
    done: int
    total: int


@dataclass(frozen=True)
class Fetched:
    """One model or corpus in the cache: its folder, its size in bytes, and whether it was there."""

    what: str
    path: Path
    bytes: int
    cached: bool


Report = Callable[[Progress], None]


def reachable(timeout: float = 3.0) -> bool:
    """Whether the hub (`HF_ENDPOINT`) answers within `timeout` seconds; False in offline mode.

    Never takes longer than `timeout`, also where a firewall or a dead name server swallows
    everything that is sent.
    """
    return _unreachable(timeout) is None


def cached_model(repo_id: str, *, verify: bool = True) -> Path | None:
    """Folder of the cached checkpoint `repo_id`, or None where it is absent, partial or damaged.

    Args:
        repo_id: id on the hub, such as "FacebookAI/roberta-base".
        verify: compare the checksums too (about a second per GB), not only what is there.
    """
    state = hub_cache.inspect(hub_cache.model(repo_id), verify)
    return state.snapshot if state.whole else None


def cached_mrpc(*, verify: bool = True) -> Path | None:
    """Folder of MRPC's parquet files in the cache, or None; `verify` as in `cached_model`."""
    state = hub_cache.inspect(hub_cache.MRPC, verify)
    return state.snapshot / sources.HUB_MRPC[1] if state.whole and state.snapshot else None


def cached_text(*, verify: bool = True) -> Path | None:
    """Folder of WikiText-2's parquet files in the cache, or None; `verify` as in `cached_model`."""
    state = hub_cache.inspect(hub_cache.TEXT, verify)
    return state.snapshot / sources.HUB_TEXT[1] if state.whole and state.snapshot else None


def require_model(repo_id: str, report: Report | None = None) -> dict[str, bool]:
    """Options for `from_pretrained(repo_id, **options)`; downloads what the cache lacks.

    A cached checkpoint that is whole needs no network.  One that is damaged is fetched again.

    Raises:
        SourceError: not in the cache, or damaged there, and the hub cannot be reached (known
            within 3 s); or the cache cannot be written.  Says what is missing and what to do.
    """
    _ensure(hub_cache.model(repo_id), report)
    # The files are here and checked: asking the hub again would only cost time.
    return {"local_files_only": True}


def load_glue_mrpc(report: Report | None = None) -> DatasetDict:
    """MRPC of GLUE as published in `nyu-mll/glue`, with the splits train, validation and test.

    `load_dataset` reads the parquet files in the hub's cache, which may be read-only.

    Raises:
        SourceError: as `require_model`.
    """
    import datasets

    folder = _ensure(hub_cache.MRPC, report).path / sources.HUB_MRPC[1]
    bars = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        # What load_dataset prepares goes to a temporary folder: a few thousand rows, kept in
        # memory, so that no second cache has to be there, whole and writable.
        with tempfile.TemporaryDirectory(prefix="labkit-") as cache:
            return datasets.load_dataset(str(folder), cache_dir=cache, keep_in_memory=True)
    finally:
        if not bars:
            datasets.enable_progress_bars()


def text_folder(report: Report | None = None) -> Path:
    """Folder of WikiText-2's parquet files, one for each split; downloads what the cache lacks.

    Raises:
        SourceError: as `require_model`.
    """
    return _ensure(hub_cache.TEXT, report).path / sources.HUB_TEXT[1]


def fetch(
    names: Sequence[str] = sources.MODEL_NAMES,
    mrpc: bool = True,
    report: Report | None = None,
    *,
    text: bool = False,
) -> list[Fetched]:
    """Download the models `names` and corpora into the hub's cache, each where it is not whole.

    Only what is needed is taken: configuration, tokenizer, one set of weights.  What is cached is
    checked against its checksums and asks nothing of the network.

    Args:
        names: of `sources.MODEL_NAMES`.
        mrpc: fetch MRPC too.
        report: called after every piece that arrived.
        text: fetch WikiText-2 too.

    Raises:
        InputError: an unknown name.
        SourceError: the hub cannot be reached, breaks off or sends something else than it
            announced; the cache cannot be written.  Finished files are kept.
    """
    repos = [hub_cache.model(sources.HUB_MODELS[sources.check_name(name)]) for name in names]
    repos += [hub_cache.MRPC] if mrpc else []
    repos += [hub_cache.TEXT] if text else []
    return [_ensure(repo, report) for repo in repos]


def _unreachable(timeout: float = 3.0) -> str | None:
    """Why the hub cannot be asked, or None where it answers."""
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session

    url = constants.ENDPOINT
    if constants.is_offline_mode():
        return "offline mode is set (HF_HUB_OFFLINE)"
    answers: list[str | None] = []

    def ask() -> None:
        try:
            status = get_session().head(url, timeout=timeout).status_code
        except Exception as error:  # of DNS, sockets, TLS and proxies: all mean no answer
            answers.append(f"{url}: {str(error) or type(error).__name__}")
        else:
            answers.append(f"{url} answers with HTTP {status}" if status >= 500 else None)

    # A thread, since no time-out of the client covers the look-up of the host's name.
    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout)
    return answers[0] if answers else f"{url} gave no answer within {timeout:g} s"


def _ensure(repo: hub_cache.Repo, report: Report | None) -> Fetched:
    state = hub_cache.inspect(repo)
    cached = state.whole
    if not cached:
        if reason := _unreachable():
            raise SourceError(
                f"{repo} {state} ({repo.folder}), and the hub cannot be reached: {reason}. "
                f"Run `labkit fetch` when online, or go on now with {repo.instead}."
            )
        try:
            for pointer in state.damaged:
                hub_cache.drop(pointer)
            _download(repo, report)
        except SourceError:
            raise
        except Exception as error:  # the client's, httpx's and the system's: one remedy each
            raise _explained(repo, error) from error
        state = hub_cache.inspect(repo, verify=False)  # each file was checked as it came in
    if not state.whole or state.snapshot is None:
        raise SourceError(f"{repo} on the hub is not as expected: it {state}. Use {repo.instead}.")
    return Fetched(repo.title, state.snapshot, state.bytes, cached)


def _explained(repo: hub_cache.Repo, error: Exception) -> SourceError:
    from huggingface_hub import constants
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(error, OSError) and not isinstance(error, HfHubHTTPError) and error.errno:
        return SourceError(
            f"cannot write {repo} to the hub's cache {constants.HF_HUB_CACHE}: {error.strerror}. "
            "Set HF_HOME to a folder that you may write, on a disk with 2 GB free."
        )
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return SourceError(
        f"the download of {repo} broke off: {lines[0].rstrip('.')}. Finished files are kept: "
        f"run `labkit fetch` again, or go on now with {repo.instead}."
    )


def _download(repo: hub_cache.Repo, report: Report | None) -> None:
    """Bring the needed files into the cache, one after another, and check each as it comes in."""
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.hf_api import RepoFile

    api = HfApi()
    # One commit for all files, also when someone pushes in between.
    commit = api.resolve_revision(repo.repo_id, repo_type=repo.kind).resolved
    tree = api.list_repo_tree(repo.repo_id, recursive=True, revision=commit, repo_type=repo.kind)
    found = {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}
    wanted = [found[name] for name in repo.needed(found)]
    total = sum(entry.size for entry in wanted)
    before = 0
    for entry in wanted:

        def tell(done: int, entry: RepoFile = entry, before: int = before) -> None:
            if report:
                report(Progress(repo.title, entry.path, before + done, total))

        pointer = Path(
            hf_hub_download(
                repo.repo_id,
                entry.path,
                repo_type=repo.kind,
                revision=commit,
                tqdm_class=_bar(tell),
            )
        )
        if wrong := hub_cache.mismatch(pointer, entry.lfs.sha256 if entry.lfs else entry.blob_id):
            hub_cache.drop(pointer)
            raise SourceError(
                f"{entry.path} of {repo} as received {wrong}: it was damaged on its way, by a "
                f"proxy perhaps. Run `labkit fetch` again, or go on now with {repo.instead}."
            )
        tell(entry.size)
        before += entry.size


def _bar(tell: Callable[[int], None]) -> type:
    """The client's progress bar, silent, with `tell` called at each step."""
    from huggingface_hub.utils import silent_tqdm

    class Bar(silent_tqdm):
        done = 0

        def update(self, n: float | None = 1) -> None:
            self.done += int(n or 0)
            tell(self.done)

    return Bar
