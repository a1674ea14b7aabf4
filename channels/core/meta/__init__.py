"""What Meta requires of us: signatures, its clock, text lengths, pauses between tries. Pure."""
