"""`blockpool catalogue`: the catalogue: profile, publish, keep up. `command` names the commands."""
