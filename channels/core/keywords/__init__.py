"""Whether a message is, or contains, a keyword, in many languages."""
