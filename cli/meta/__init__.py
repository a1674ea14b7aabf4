"""The commands that ask Meta about Pages and apps."""
