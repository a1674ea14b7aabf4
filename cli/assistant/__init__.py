"""What `init` and `doctor` know of assistants: the words of many languages, and forms."""
