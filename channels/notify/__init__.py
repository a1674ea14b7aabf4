"""Operators are told: what the store has for them goes to webhooks and chats."""
