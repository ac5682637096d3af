"""Who may ask: every route with every kind of wrong key, and hostile names and pages."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from prompt_gen import bundle, server
from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig, ServeConfig
from prompt_gen.errors import KeyNeeded
from prompt_gen.keys import KeyFile
from prompt_gen.run import Run
from tests.server.asking import ask, routes_of

PUBLIC = {"/", "/docs", "/health", "/health/live", "/health/ready", "/static/prompt-gen.js"}
BODY = {"prompt": "高血压"}
ADMIN = "/admin/none"  # every path below /admin/ is guarded, also one that is not there


@pytest.fixture(scope="module")
def loaded(trained: Run) -> Bundle:
    return bundle.load(trained.path)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> KeyFile:
    return KeyFile(tmp_path_factory.mktemp("keys") / "keys.json")


@pytest.fixture(scope="module")
def secret(kept: KeyFile) -> str:
    return kept.add("test")


def served(loaded: Bundle, **settings: object) -> FastAPI:
    return server.create_app(loaded, EngineConfig(), ServeConfig.model_validate(settings))


@pytest.fixture(scope="module")
def guarded(loaded: Bundle, kept: KeyFile, secret: str) -> FastAPI:
    """A server that asks for a key."""
    return served(loaded, require_key=True, keys=str(kept.path))


@pytest.fixture(scope="module")
def local(loaded: Bundle) -> FastAPI:
    """A server as it is by default."""
    return served(loaded)


def wrong_keys(secret: str) -> Iterator[dict[str, str]]:
    """Headers that hold no key, beginning with none."""
    yield {}
    for credentials in (
        "", "Bearer", "Bearer ", f"Bearer {'x' * 43}", f"Bearer {secret.swapcase()}",
        f"Bearer {secret.upper()}", f"Bearer {secret[:-1]}", f"Bearer {secret}x", secret,
        f"Basic {secret}", f"Token {secret}", f"Bearer {secret} {secret}", f"Bearer,{secret}",
        "Bearer null", "Bearer undefined", "Bearer \xff",
    ):  # fmt: skip
        yield {"authorization": credentials}
    yield {"x-api-key": secret}
    yield {"cookie": f"key={secret}"}


def test_every_route_needs_the_key(guarded: FastAPI, secret: str) -> None:
    """Whoever adds a route has it guarded, or has to add it to the public ones here."""
    routes = routes_of(guarded)
    assert {"/v1/complete", "/v1/models", "/generate", "/openapi.json"} <= {p for _, p in routes}
    asked = 0
    for (method, path), headers in product([*routes, ("GET", "/nothing")], wrong_keys(secret)):
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        status = ask(guarded, method, path, headers=raw).status_code
        if path in PUBLIC:
            assert status not in (401, 403), (method, path)
        else:
            assert status == 401, (method, path, headers)
        asked += 1
    assert asked > 150


def test_every_route_takes_the_key(guarded: FastAPI, secret: str) -> None:
    for method, path in routes_of(guarded):
        for scheme in ("Bearer", "bearer"):
            headers = {"authorization": f"{scheme} {secret}"}
            assert ask(guarded, method, path, headers=headers).status_code not in (401, 403)


def test_a_key_in_the_address_is_none(guarded: FastAPI, secret: str) -> None:
    """Addresses are kept in logs and histories."""
    for name in ("key", "api_key", "token", "access_token"):
        assert ask(guarded, "GET", f"/v1/models?{name}={secret}").status_code == 401


@pytest.mark.parametrize(
    "path", ["//v1/models", "/./v1/models", "/static/../v1/models", "/static/%2e%2e/v1/models",
             "/V1/models", "/v1/models/", "/v1/models;x", "/health/../v1/models", "/health/x",
             "/docs/", "/static", "/%2fv1/models", "/static/..%2f..%2fapp.py"],
)  # fmt: skip
def test_no_spelling_of_a_path_gets_around_the_key(guarded: FastAPI, path: str) -> None:
    answer = ask(guarded, "GET", path)
    assert answer.status_code in (401, 404), path
    assert "data" not in answer.json()


def test_the_error_says_what_to_send(guarded: FastAPI) -> None:
    answer = ask(guarded, "POST", "/v1/complete", json=BODY)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "Authorization: Bearer KEY" in answer.json()["error"]["message"]
    assert answer.json()["error"]["code"] == 401


def test_a_revoked_key_is_refused_at_once(loaded: Bundle, tmp_path: Path) -> None:
    kept = KeyFile(tmp_path / "keys.json")
    headers = {"authorization": f"Bearer {kept.add('a')}"}
    app = served(loaded, require_key=True, keys=str(kept.path))
    assert ask(app, "GET", "/openapi.json", headers=headers).status_code == 200
    kept.revoke("a")
    assert ask(app, "GET", "/openapi.json", headers=headers).status_code == 401


def test_no_application_is_open_without_a_key(loaded: Bundle, tmp_path: Path) -> None:
    with pytest.raises(KeyNeeded):
        served(loaded, host="0.0.0.0", keys=str(tmp_path / "none.json"))


# --- names and pages --------------------------------------------------------------------------

HOSTILE_HOSTS = [
    "evil.example", "evil.example:8765", "127.0.0.1.evil.example", "localhost.evil.example",
    "evil.localhost", "localhost.", "2130706433", "0x7f.0.0.1", "127.1", "0", "0.0.0.0",
    "127.0.0.2", "10.0.0.1", "[::]", "[::ffff:127.0.0.1]", "::1", "[::1", "127.0.0.1:8765:80",
    "127.0.0.1@evil.example", "evil.example/127.0.0.1", "127.0.0.1 evil.example", "",
    "127.0.0.1,evil.example", "127.0.0.1:port", "127.0.0.1:999999", "\uff11\uff12\uff17.0.0.1",
]  # fmt: skip
HOSTILE_ORIGINS = [
    "http://evil.example", "https://evil.example", "null", "", "file://", "http://localhost:1",
    "http://127.0.0.1:1", "http://127.0.0.1", "http://localhost:8765",
    "http://127.0.0.1.evil.example:8765", "http://evil.example:8765", "127.0.0.1:8765",
    "http://127.0.0.1:8765/", "http://127.0.0.1:8765, http://evil.example",
    "http://user@127.0.0.1:8765", "chrome-extension://abcdef", "http://127.0.0.1:87650",
    "ftp://127.0.0.1:8765", "http://[::1]:8765", "http://127.0.0.1:8765.evil.example",
    "javascript://127.0.0.1:8765", "//127.0.0.1:8765", "*",
]  # fmt: skip
NAMED = {"host": "127.0.0.1:8765"}


def raw(**headers: str) -> list[tuple[bytes, bytes]]:
    return [(k.replace("_", "-").encode(), v.encode("utf-8")) for k, v in headers.items()]


def hostile() -> list[tuple[str, str]]:
    good = "http://127.0.0.1:8765"
    by_host = [(host, origin) for host in HOSTILE_HOSTS for origin in (f"http://{host}", good)]
    return by_host + [("127.0.0.1:8765", origin) for origin in HOSTILE_ORIGINS]


@pytest.mark.parametrize("kind", ["local", "guarded"])
def test_no_hostile_pair_of_host_and_origin_is_accepted(
    kind: str, request: pytest.FixtureRequest, secret: str
) -> None:
    app, pairs = request.getfixturevalue(kind), hostile()
    assert len(pairs) >= 40
    for host, origin in pairs:
        for method, path in (("POST", "/v1/complete"), ("GET", "/v1/models"), ("OPTIONS", "/")):
            headers = raw(host=host, origin=origin, authorization=f"Bearer {secret}")
            answer = ask(app, method, path, headers=headers)
            assert answer.status_code == 403, (host, origin, method)
            assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("host", HOSTILE_HOSTS)
def test_a_hostile_host_is_refused_on_every_route(local: FastAPI, host: str) -> None:
    for method, path in routes_of(local):
        assert ask(local, method, path, headers=raw(host=host)).status_code == 403, path


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:1", "localhost:8765", "LOCALHOST", "[::1]:8765", "[::1]"]
)
def test_names_of_this_machine_are_good_with_any_port(local: FastAPI, host: str) -> None:
    for origin in ({}, {"origin": f"http://{host}"}):
        answer = ask(local, "GET", "/openapi.json", headers=raw(host=host, **origin))
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("notes.example", "https://notes.example"),
        ("notes.example:80", "http://notes.example"),
        ("notes.example", "https://notes.example:443"),
        ("Notes.Example", "https://notes.example"),
        ("notes.example:8443", "https://notes.example:8443"),
    ],
)
def test_a_configured_name_is_good(loaded: Bundle, host: str, origin: str) -> None:
    app = served(loaded, names=["Notes.example"], require_key=False)
    headers = raw(host=host, origin=origin)
    assert ask(app, "GET", "/openapi.json", headers=headers).status_code == 200


def test_the_address_that_was_connected_to_is_good(
    loaded: Bundle, kept: KeyFile, secret: str
) -> None:
    """With 0.0.0.0 a machine is asked by whichever of its addresses; nobody can rebind those."""
    app = served(loaded, host="0.0.0.0", keys=str(kept.path))
    assert ask(app, "GET", "http://192.0.2.7:8765/health").status_code in (200, 503)
    for host in ("192.0.2.8:8765", "evil.example"):
        answer = ask(app, "GET", "http://192.0.2.7:8765/health", headers={"host": host})
        assert answer.status_code == 403


def test_the_error_names_the_setting_to_add(local: FastAPI) -> None:
    answer = ask(local, "GET", "/health", headers={"host": "notes.example:80"})
    assert 'serve.names=["notes.example"]' in answer.json()["error"]["message"]
    answer = ask(local, "POST", "/v1/complete", headers={"origin": "https://app.example"})
    assert "serve.cors_origins" in answer.json()["error"]["message"]


def test_what_was_sent_as_host_is_not_repeated_unless_it_is_a_name(local: FastAPI) -> None:
    answer = ask(local, "GET", "/health", headers=raw(host="<script>alert(1)</script>"))
    assert answer.status_code == 403
    assert "script" not in answer.text


@pytest.mark.parametrize(
    ("method", "site", "is_refused"),
    [
        ("POST", "cross-site", True),
        ("POST", "same-site", True),
        ("POST", "same-origin", False),
        ("POST", "none", False),
        ("GET", "cross-site", False),  # somebody followed a link
    ],
)
def test_browsers_that_send_no_origin_say_where_from(
    local: FastAPI, method: str, site: str, is_refused: bool
) -> None:
    path = "/v1/complete" if method == "POST" else "/"
    answer = ask(local, method, path, headers={"sec-fetch-site": site})
    assert (answer.status_code == 403) is is_refused


# --- pages elsewhere that may ask ---------------------------------------------------------------

APP = "https://app.example"


@pytest.fixture(scope="module")
def shared(loaded: Bundle, kept: KeyFile, secret: str) -> FastAPI:
    return served(loaded, cors_origins=[APP], require_key=True, keys=str(kept.path))


def test_a_named_origin_may_ask_with_a_key(shared: FastAPI, secret: str) -> None:
    wanted = {
        "origin": APP,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    before = ask(shared, "OPTIONS", "/v1/complete", headers=wanted)
    assert before.status_code == 200
    assert before.headers["access-control-allow-origin"] == APP
    assert "access-control-allow-credentials" not in before.headers
    headers = {"origin": APP, "authorization": f"Bearer {secret}"}
    answer = ask(shared, "GET", "/openapi.json", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == APP


def test_a_named_origin_can_read_that_its_key_is_wrong(shared: FastAPI) -> None:
    answer = ask(shared, "POST", "/v1/complete", json=BODY, headers={"origin": APP})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == APP


@pytest.mark.parametrize(
    "origin", ["http://app.example", "https://app.example:8443", "https://evil.app.example",
               "https://app.example.evil", "null"],
)  # fmt: skip
def test_no_other_origin_may(shared: FastAPI, secret: str, origin: str) -> None:
    for method in ("OPTIONS", "POST"):
        headers = {"origin": origin, "access-control-request-method": "POST",
                   "authorization": f"Bearer {secret}"}  # fmt: skip
        answer = ask(shared, method, "/v1/complete", headers=headers)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_by_default_no_page_elsewhere_is_told_that_it_may(local: FastAPI) -> None:
    for method, path in routes_of(local):
        answer = ask(local, method, path)
        assert not [name for name in answer.headers if name.startswith("access-control")]


# --- administration -----------------------------------------------------------------------------


def admin(app: FastAPI, client: str = "127.0.0.1", **headers: str) -> httpx.Response:
    return ask(app, "POST", ADMIN, client=(client, 5000), headers=raw(**{**NAMED, **headers}))


def test_this_machine_may_administer_without_a_key(local: FastAPI) -> None:
    assert admin(local).status_code == 404  # nothing is there, but it was let in
    assert admin(local, origin="http://127.0.0.1:8765").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"client": "192.0.2.1"},
        {"client": "2001:db8::1"},
        {"host": "notes.example"},
        {"x_forwarded_for": "192.0.2.1"},
        {"forwarded": "for=192.0.2.1"},
        {"x_real_ip": "192.0.2.1"},
        {"via": "1.1 proxy"},
        {"origin": "https://app.example"},
    ],
)
def test_others_may_not_administer_without_a_key(loaded: Bundle, headers: dict[str, str]) -> None:
    """Behind a proxy with a login of its own, too: its users complete, they do not administer."""
    app = served(loaded, names=["notes.example"], cors_origins=[APP], require_key=False)
    answer = admin(app, **headers)
    assert answer.status_code == 403
    assert "administration" in answer.json()["error"]["message"]


def test_where_keys_are_asked_for_administration_needs_one(guarded: FastAPI, secret: str) -> None:
    assert admin(guarded).status_code == 401
    assert admin(guarded, authorization=f"Bearer {secret}").status_code == 404
