"""`blockpool govern`: what the committee decides. `command` names the commands."""
