"""A store of each kind."""

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from prompt_gen.config import FeedbackConfig
from tests.feedback import stores

KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def postgres() -> Iterator[stores.Postgres]:
    if stores.programs() is None:
        pytest.skip("PostgreSQL is not installed")
    pytest.importorskip("psycopg", reason="the extra [postgres] is not installed")
    directory = Path(tempfile.mkdtemp(prefix="prompt-gen-postgres-"))  # others may look into it
    with stores.postgres(directory) as server:
        yield server
    shutil.rmtree(directory)


@pytest.fixture(params=KINDS)
def configured(request: pytest.FixtureRequest) -> Callable[..., FeedbackConfig]:
    """Settings of a store that nothing is in yet; the same one each time."""
    url = ""
    if request.param == "postgres":
        server: stores.Postgres = request.getfixturevalue("postgres")
        url = server.url(f"test-{uuid.uuid4().hex}")
    return lambda **settings: FeedbackConfig(url=url, **settings)
