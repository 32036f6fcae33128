"""The HTTP API: one file per resource, one table from reasons to problems."""
