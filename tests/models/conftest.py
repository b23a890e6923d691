import pytest
from hub_material import write_checkpoint, write_glue
from hub_standin import Repo, Standin

from labkit.models import sources


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Tiny models on several threads spend their time waiting for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """The three repositories in miniature, by their ids."""
    folder = tmp_path_factory.mktemp("models")
    return {
        repo_id: Repo(write_checkpoint(folder / name, name))
        for name, repo_id in sources.HUB_MODELS.items()
    }


@pytest.fixture(scope="session")
def glue(tmp_path_factory):
    return {sources.HUB_MRPC[0]: Repo(write_glue(tmp_path_factory.mktemp("data") / "glue"))}


@pytest.fixture
def hub(models, glue):
    with Standin(models, glue) as standin:
        yield standin
