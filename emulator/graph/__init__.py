"""The Graph API."""
