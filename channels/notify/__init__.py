"""Notices to operators: what the store has for them goes to webhooks and chats."""
