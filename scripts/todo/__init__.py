"""`blockpool todo`: what waits for a member. `command` is the command."""
