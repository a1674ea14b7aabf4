"""What runs in a process of its own: a channel, a stub of Graph, the load."""
