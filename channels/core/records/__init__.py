"""What is recorded and waiting: messages to send, events taken back, what was set aside. Pure."""
