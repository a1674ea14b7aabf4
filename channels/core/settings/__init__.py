"""The channel's section of credentials.yml. Pure."""
