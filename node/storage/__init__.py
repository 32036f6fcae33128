"""Where a node keeps what it knows: tables, the store over them, the cached state."""
