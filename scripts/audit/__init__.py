"""`blockpool audit`: audits: a whole log, one receipt, one event. `command` names the commands."""
