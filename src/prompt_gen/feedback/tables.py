"""The tables. What makes them, and what changes them later, is in migrations/."""

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, SmallInteger, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# SQLite counts rows by itself where the key is an INTEGER, and by no other name.
_Number = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    """All tables of the store."""


class ModelRow(Base):
    """A model that was served."""

    __tablename__ = "models"
    __table_args__ = (UniqueConstraint("name", "digest"),)
    id: Mapped[int] = mapped_column(_Number, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)


class UserRow(Base):
    """Who typed, where the page says so."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(_Number, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)


class SessionRow(Base):
    """A text field that was typed into."""

    __tablename__ = "sessions"
    id: Mapped[int] = mapped_column(_Number, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)


class CompletionRow(Base):
    """An answer that held a list; of which model, as the first event of it had it."""

    __tablename__ = "completions"
    id: Mapped[int] = mapped_column(_Number, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"))


class EventRow(Base):
    """One thing that happened to one list (see `event.Event`, whose fields these are)."""

    __tablename__ = "events"
    __table_args__ = (
        Index("events_by_completion", "completion_id"),
        Index("events_by_session", "session_id"),
        Index("events_by_user", "user_id"),
        Index("events_by_time", "at_ms"),
    )
    id: Mapped[int] = mapped_column(_Number, primary_key=True)
    uuid: Mapped[UUID] = mapped_column(unique=True)
    kind: Mapped[int] = mapped_column(SmallInteger)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    completion_id: Mapped[int] = mapped_column(ForeignKey("completions.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    choice: Mapped[int | None] = mapped_column(SmallInteger)
    n_choices: Mapped[int | None] = mapped_column(SmallInteger)
    elapsed_ms: Mapped[int | None] = mapped_column(BigInteger)
    accepted_chars: Mapped[int | None] = mapped_column(Integer)
    retained_chars: Mapped[int | None] = mapped_column(Integer)
    prompt: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)


class OffRecordRow(Base):
    """A session of which nothing is stored, and since when: its name, which says nothing else."""

    __tablename__ = "off_record"
    session: Mapped[str] = mapped_column(Text, primary_key=True)
    at_ms: Mapped[int] = mapped_column(BigInteger)
