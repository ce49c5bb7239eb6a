"""Steps from one schema to the next, in order, run by Alembic; a step that was released is never edited."""
