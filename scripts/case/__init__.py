"""`blockpool case`: cases: what waits, steps, opening. `command` names the commands."""
