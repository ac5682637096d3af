"""Commands as a user runs them: in a process of their own, or quicker in this one."""

import io
import os
import signal
import subprocess
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

from prompt_gen import cli


def prompt_gen(*args: object, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own: for what becomes of processes, streams and imports."""
    return subprocess.run(
        [sys.executable, "-m", "prompt_gen", *map(str, args)],
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **env},
        timeout=240,
        check=False,
    )


def here(*args: object, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """The same in this process, which has imported everything: for all else."""
    command, out, err = ["prompt-gen", *map(str, args)], io.StringIO(), io.StringIO()
    ended = signal.getsignal(signal.SIGTERM)
    with (
        mock.patch.object(sys, "argv", command),
        mock.patch.object(sys, "stdin", io.StringIO(stdin)),
        mock.patch.dict(os.environ, env),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            cli.main()
            code = 0
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else int(bool(error.code))
        except Exception:
            traceback.print_exc()  # as Python does
            code = 1
        finally:
            signal.signal(signal.SIGTERM, ended)
    return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())


def refused(code: int, *args: str | Path, says: tuple[str, ...] = (), **env: str) -> str:
    """Run a command that must end with one clear error."""
    done = here(*args, **env)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    for words in says:
        assert words in done.stderr, done.stderr
    return done.stderr
