"""Peers that cannot be asked are refused before anything is done, and say what is missing."""

import importlib.util

import pytest

from prompt_gen.errors import MissingExtra, UnknownChoice
from prompt_gen.replay import peers
from prompt_gen.replay.peers import PEERS


@pytest.mark.parametrize("name", PEERS)
def test_a_missing_library_is_named_with_the_way_to_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = PEERS.load(name).NEEDS[0]
    found = importlib.util.find_spec
    monkeypatch.setattr(
        peers, "find_spec", lambda module: None if module == library else found(module)
    )
    with pytest.raises(MissingExtra, match=rf"peer '{name}'.*'{library}'.*prompt-gen\[\w+\]"):
        peers.check([name])


def test_an_unknown_peer_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownChoice, match=r"unknown peer 'ct'.*'ct2'"):
        peers.check(["ct"])
