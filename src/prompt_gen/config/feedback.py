"""What is kept of lists that were shown."""

from typing import Literal

from pydantic import Field

from prompt_gen.config.section import Section


class FeedbackConfig(Section):
    """What was shown, accepted and kept, to a store of it."""

    enabled: bool = Field(
        default=True, description="whether events are stored; false: everybody is off the record"
    )
    url: str = Field(
        default="",
        description="PostgreSQL database, postgresql://user@host/name (password there, in "
        "PGPASSWORD or ~/.pgpass); empty: SQLite, in the file at `path`",
    )
    path: str = Field(
        default="",
        description="file of SQLite; empty: feedback.sqlite in the directory that is served",
    )
    texts: Literal["none", "accepted", "all"] = Field(
        default="accepted",
        description="which texts are stored beside the numbers: none; what was accepted or kept, "
        "with its line up to there; or all that is sent",
    )
    retention_days: int = Field(
        default=365,
        ge=0,
        description="age at which an event is deleted, days; 0: kept until it is forgotten",
    )
    min_users: int = Field(
        default=5,
        ge=1,
        description="different users who must have accepted a line for it to be exported",
    )
    learn: bool = Field(
        default=False,
        description="whether what a named user accepts counts for him from the next key on, and "
        "for all once enough have (see `personal`)",
    )
