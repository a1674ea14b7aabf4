"""What is measured with: agents, databases, deliveries, stored sessions."""
