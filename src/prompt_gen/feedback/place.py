"""Where the store of a directory is."""

from pathlib import Path

from prompt_gen.config import FeedbackConfig

FILE = "feedback.sqlite"  # in the directory of a run or a bundle


def file_of(config: FeedbackConfig, directory: Path) -> Path | None:
    """Where the file of SQLite is, or would be, for a directory that is served; None: no file."""
    if config.url:
        return None
    return Path(config.path).absolute() if config.path else directory.absolute() / FILE
