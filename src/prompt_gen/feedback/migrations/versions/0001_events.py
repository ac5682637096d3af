"""Events, and what they name."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "models",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.UniqueConstraint("name", "digest"),
    )
    for table in ("users", "sessions"):
        op.create_table(
            table,
            sa.Column("id", _NUMBER, primary_key=True),
            sa.Column("name", sa.Text, nullable=False, unique=True),
        )
    op.create_table(
        "completions",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("model_id", _NUMBER, sa.ForeignKey("models.id"), nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("uuid", sa.Uuid, nullable=False, unique=True),
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("completion_id", _NUMBER, sa.ForeignKey("completions.id"), nullable=False),
        sa.Column("session_id", _NUMBER, sa.ForeignKey("sessions.id"), nullable=False),
        sa.Column("user_id", _NUMBER, sa.ForeignKey("users.id")),
        sa.Column("choice", sa.SmallInteger),
        sa.Column("n_choices", sa.SmallInteger),
        sa.Column("elapsed_ms", sa.BigInteger),
        sa.Column("accepted_chars", sa.Integer),
        sa.Column("retained_chars", sa.Integer),
        sa.Column("prompt", sa.Text),
        sa.Column("text", sa.Text),
    )
    op.create_index("events_by_completion", "events", ["completion_id"])
    op.create_index("events_by_session", "events", ["session_id"])
    op.create_index("events_by_user", "events", ["user_id"])
    op.create_index("events_by_time", "events", ["at_ms"])
    op.create_table(
        "off_record",
        sa.Column("session", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
