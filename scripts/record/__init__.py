"""`blockpool record`: what is shared with whom, what became of it; its commands in `command`."""
