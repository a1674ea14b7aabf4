"""What Rasa and agents are told about a thread. Pure."""
