"""The command line: `rasa-handover`, and in the repository `python -m cli`."""
