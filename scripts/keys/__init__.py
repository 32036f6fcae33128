"""`blockpool keys`: keys and the writers that sign with them. `command` names the commands."""
