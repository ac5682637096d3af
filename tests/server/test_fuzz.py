"""A small part of `benchmarks fuzz`: no request is answered 5xx, or with what is not described."""

import asyncio
import random
from pathlib import Path

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks import fuzz
from prompt_gen import bundle
from prompt_gen.run import Run


@pytest.fixture(scope="module")
def made(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> fuzz.Tally:
    loaded = bundle.load(trained.path)
    app = fuzz.app_of(loaded, tmp_path_factory.mktemp("described"))
    return fuzz.described_requests(app, loaded.name, 280, fuzz.never, batch=15)


def test_what_is_made_from_the_description_is_answered_as_described(made: fuzz.Tally) -> None:
    assert made.failures == []
    assert made.n >= 200
    # Administration is refused to this client, and no bundle that labels is served.
    for operation, counts in made.statuses.items():
        assert counts[200] or counts[403] or counts[404], operation


def test_all_operations_are_asked(made: fuzz.Tally, trained: Run, tmp_path: Path) -> None:
    app = fuzz.app_of(bundle.load(trained.path), tmp_path)
    assert set(made.statuses) == set(fuzz.documented(app))


def test_damaged_bodies_are_answered_as_described(
    made: fuzz.Tally, trained: Run, tmp_path: Path
) -> None:
    app = fuzz.app_of(bundle.load(trained.path), tmp_path)
    samples = [sent for kept in made.kept.values() for sent in kept]

    async def ask() -> fuzz.Tally:
        async with fuzz.running(app) as client:
            return await fuzz.damaged_bodies(app, client, samples, 600, fuzz.never)

    found = asyncio.run(ask())
    assert found.failures == []
    assert {400, 422} <= {status for counts in found.statuses.values() for status in counts}


class Number(BaseModel):
    value: float


def faulty() -> FastAPI:
    """One answer that is not as described, and one that cannot be sent."""
    app = FastAPI()

    @app.post("/double")
    async def double(number: Number) -> Number:
        return Number.model_construct(value="twice" if number.value == 0 else number.value * 2)

    @app.post("/echo")
    async def echo(number: Number) -> dict[str, float]:
        return {"value": number.value}

    @app.get("/health")
    async def health() -> None:
        return None

    return app


@pytest.mark.filterwarnings("ignore")  # pydantic says that it serializes what it should not
def test_faults_are_found() -> None:
    found = fuzz.described_requests(faulty(), "m", 60, fuzz.never, batch=20)
    assert any("POST /double" in failure for failure in found.failures)

    async def ask() -> fuzz.Tally:
        app = faulty()
        sent = fuzz.Sent("POST /echo", "POST", f"{fuzz.HOST}/echo", b'{"value": 5}')
        async with fuzz.running(app) as client:
            return await fuzz.damaged_bodies(app, client, [sent], 200, fuzz.never)

    assert any("POST /echo" in failure for failure in asyncio.run(ask()).failures)


def test_damage_is_done_and_is_the_same_for_the_same_seed() -> None:
    body = b'{"prompt": "a", "n": 5}'
    made = [fuzz.damaged(body, random.Random(seed)) for seed in range(200)]
    assert made == [fuzz.damaged(body, random.Random(seed)) for seed in range(200)]
    assert sum(each != body for each in made) > 150
    valued = {fuzz.with_worse_value(body, random.Random(seed)) for seed in range(200)}
    assert b'{"prompt": "a", "n":NaN}' in valued
