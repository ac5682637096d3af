"""`/generate`: the lines of the book's own README, against a server on loopback."""

import json
import shutil
import subprocess

import pytest

BOOK = "http://127.0.0.1:5005"
COMMAND = f'curl -X POST {BOOK}/generate -H "Content-Type: application/json" -d '
LINES = [
    COMMAND + r'"{\"context\":\"高血压要注意\",\"maxlength\":50,\"samples\":5}"',
    COMMAND + """'{"context":"你好","maxlength":50,"samples":5}'""",
]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(("line", "context"), zip(LINES, ["高血压要注意", "你好"], strict=True))
def test_the_books_lines_are_answered(address: str, line: str, context: str) -> None:
    command = ["sh", "-c", line.replace(BOOK, address) + " --silent"]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert set(answer) == {"result", "time"}
    assert 1 <= len(answer["result"]) <= 5
    assert all(text.startswith(context) for text in answer["result"])
