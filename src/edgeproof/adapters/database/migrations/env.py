"""How Alembic runs these migrations: on the connection it is handed, inside the transaction that is open there."""

from __future__ import annotations

from alembic import context

from edgeproof.adapters.database._migrate import VERSION_TABLE
from edgeproof.adapters.database._rows import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
