"""What `init` proposes for each file of a project. Pure."""
