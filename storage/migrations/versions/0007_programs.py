"""The public-service program that a request was filed within, and that an announcement is for"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("request", sa.Column("program", sa.String(), nullable=False, server_default=""))
    op.add_column("broadcast", sa.Column("program", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("broadcast", schema=None) as batch_op:
        batch_op.drop_column("program")
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.drop_column("program")
