"""One person at several chats: doubted numbers, confirmed SMS senders, drafts of the counter"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("contact", sa.Column("doubt", sa.String(), nullable=False, server_default=""))
    op.add_column("contact", sa.Column("confirmed_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "counterdraft",
        sa.Column("contact_id", _ID, autoincrement=False, nullable=False),
        sa.Column("officer_id", _ID, nullable=False),
        sa.Column("chat_id", _ID, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("contact_id"),
        sa.UniqueConstraint("officer_id", "chat_id"),
    )


def downgrade() -> None:
    op.drop_table("counterdraft")
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_column("confirmed_at")
        batch_op.drop_column("doubt")
