"""What Meta posts: the handshake, and deliveries of events."""
