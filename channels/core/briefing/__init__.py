"""What Rasa and agents are told of a thread. Pure."""
