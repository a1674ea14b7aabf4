"""The material of measurements: agents, databases, deliveries, stored sessions."""
