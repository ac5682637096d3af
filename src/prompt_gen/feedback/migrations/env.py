"""What alembic runs: the steps of versions/, on the connection that it is given."""

from alembic import context

from prompt_gen.feedback.tables import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, transaction_per_migration=False
)
context.run_migrations()
