"""`blockpool genesis`: the founding of a ledger. `command` names the commands."""
