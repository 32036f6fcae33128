"""The `blockpool` command. Each command parses its arguments, calls, prints."""
