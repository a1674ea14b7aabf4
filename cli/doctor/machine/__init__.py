"""What the doctor looks at on this machine: the project's files, its model and its stores."""
