"""Indexes by which an office of ten years starts, tidies and undoes as quickly as a new one"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NEW = {
    "contact_staff": ("contact", "id", "kind = 'staff'"),
    "conversation_talking": ("conversation", "talking_to", "talking_to IS NOT NULL"),
    "request_version": ("request", "digest, closed_at", ""),
    "request_keyed": ("request", "digest, closed_at", "key IS NOT NULL"),
    "history_undoable": ("history", "officer_id, id", "before <> '' AND undone = 0"),
    "document_kept": ("document", "request_id", "state <> 'discarded'"),
    "letter_keyed": ("letter", "made_at", "key IS NOT NULL"),
}


def upgrade() -> None:
    for name, (table, columns, where) in _NEW.items():
        part = f" WHERE {where}" if where else ""
        op.execute(f"CREATE INDEX {name} ON {table} ({columns}){part}")


def downgrade() -> None:
    for name in _NEW:
        op.execute(f"DROP INDEX {name}")
