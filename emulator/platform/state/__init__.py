"""What the platform knows: its Page, its people and apps, their threads, its clock."""
