"""Alembic's way in: it is given an open connection by ``storage.migrating``."""

from alembic import context
from sqlmodel import SQLModel

import storage.schema  # noqa: F401  (fills the metadata)

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
