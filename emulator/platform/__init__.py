"""The platform as it stands: its Page, threads, apps, faults and webhooks."""
