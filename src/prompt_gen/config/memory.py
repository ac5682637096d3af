"""The training text as a memory, and what users add to it."""

from pydantic import Field

from prompt_gen.config.section import Section


class MemoryConfig(Section):
    """Training text to a memory of it."""

    budget: float = Field(
        default=1.5,
        ge=0,
        le=100,
        description="room for it, bytes for each byte of training text; where it does not do, "
        "documents that share least with others are left out; 0: no memory",
    )
    order: int = Field(
        default=5, ge=2, le=16, description="tokens that Kneser-Ney looks at together"
    )


class PersonalConfig(Section):
    """What users typed and accepted to counts."""

    half_life_days: float = Field(
        default=30.0, gt=0, description="age at which a line counts half, days"
    )
    daily_lines: int = Field(
        default=3, ge=1, description="times the same line counts for a user on one day (UTC)"
    )
    shared_users: int = Field(
        default=3, ge=2, description="different users who must send a line for it to count for all"
    )
    max_lines: int = Field(
        default=5000, ge=1, description="different lines kept of a user; the oldest go first"
    )
