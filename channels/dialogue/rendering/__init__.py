"""A Rasa response as Send API messages. Pure."""
