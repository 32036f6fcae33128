"""`blockpool assess`: figures and trust. `command` names the commands."""
