"""Several processes at one database: who claimed a message or a job"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "process",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.add_column("outbox", sa.Column("owner", _ID, nullable=True))
    op.add_column("job", sa.Column("owner", _ID, nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        # Names are looked up by their beginning: byte by byte, whatever the server's language is.
        # Nothing stands in the table yet: offices on PostgreSQL begin with this version.
        op.execute('ALTER TABLE request ALTER COLUMN name TYPE varchar COLLATE "C"')


def downgrade() -> None:
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_column("owner")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("owner")
    op.drop_table("process")
