"""What is recorded and waits: messages to be sent, events taken back, what was set aside. Pure."""
