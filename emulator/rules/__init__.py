"""Meta's rules: what it refuses, who owns a thread, what its webhooks look like. Pure."""
