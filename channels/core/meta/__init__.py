"""What Meta asks of us: signatures, its clock, lengths of texts, pauses between tries. Pure."""
