"""Announcements to many, and who wants none"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ANNOUNCING = sa.text("state < 2 AND priority = 1")


def upgrade() -> None:
    op.create_table(
        "broadcast",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("officer_id", _ID, nullable=True),
        sa.Column("confirmed_by", _ID, nullable=True),
        sa.Column("village", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column(
        "contact", sa.Column("announcements", sa.Integer(), nullable=False, server_default="1")
    )
    op.add_column("outbox", sa.Column("broadcast_id", _ID, nullable=True))
    op.add_column("outbox", sa.Column("unsure", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("outbox_broadcast", "outbox", ["broadcast_id", "state"])
    op.create_index(
        "outbox_announcing",
        "outbox",
        ["channel", "id"],
        sqlite_where=_ANNOUNCING,
        postgresql_where=_ANNOUNCING,
    )


def downgrade() -> None:
    op.drop_index("outbox_announcing", "outbox")
    op.drop_index("outbox_broadcast", "outbox")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("unsure")
        batch_op.drop_column("broadcast_id")
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_column("announcements")
    op.drop_table("broadcast")
