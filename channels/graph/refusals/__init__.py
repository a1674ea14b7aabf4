"""What Graph's errors mean, and what to do about each."""
