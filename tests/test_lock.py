"""One writer at a time in a run directory, and nothing to clean up behind one that was killed."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from prompt_gen.errors import OutputExists
from prompt_gen.run import Run
from tests.cli.running import refused

_HOLD = """
import sys, time
from prompt_gen.run import Run
run = Run(sys.argv[1])
with run.claim():
    run.begin()
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen]:
    """Another process that writes to the run `tmp_path / "run"`."""
    command = [sys.executable, "-c", _HOLD, str(tmp_path / "run")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_second_is_refused_and_told_of_the_first(
    holder: subprocess.Popen, tmp_path: Path, corpus_file: Path
) -> None:
    says = ("is in use", f"process {holder.pid}", "since 20", "-c", "choose another --out")
    refused(2, "corpus", corpus_file, "--out", tmp_path / "run", says=says)
    with pytest.raises(OutputExists, match="is in use"):
        Run(tmp_path / "run").record_settings({})


def test_a_killed_holder_leaves_nothing(holder: subprocess.Popen, tmp_path: Path) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    run = Run(tmp_path / "run")
    with run.claim():
        run.record_settings({"train": {}})
    assert run.settings == {"train": {}}


def test_one_thread_may_nest_and_another_is_refused(tmp_path: Path) -> None:
    run, errors = Run(tmp_path / "run"), list[str]()

    def second() -> None:
        try:
            Run(tmp_path / "run").record_settings({})
        except OutputExists as error:
            errors.append(error.message)

    with run.claim(), Run(tmp_path / "run").claim():
        run.begin()
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert "is in use" in errors[0]
    with Run(tmp_path / "run").claim():
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_does_not_keep_it(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    with run.claim():
        run.begin()
        ends, starts = os.pipe()
        child = os.fork()
        if not child:
            os.read(ends, 1)
            os._exit(0)
    try:
        command = [sys.executable, "-c", _HOLD, str(run.path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout
            said = other.stdout.readline()
            other.kill()
    finally:
        os.write(starts, b".")
        os.waitpid(child, 0)
    assert said == "held\n"


def test_a_run_that_never_was_leaves_nothing(tmp_path: Path) -> None:
    run = Run(tmp_path / "runs" / "run")
    with pytest.raises(ZeroDivisionError), run.write_station("corpus", "", {}):
        _ = 1 / 0
    assert list(tmp_path.iterdir()) == []
