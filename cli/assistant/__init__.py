"""What `init` and `doctor` know about assistants: the words of many languages, and forms."""
