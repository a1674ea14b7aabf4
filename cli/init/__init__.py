"""`init`: adds to a Rasa project what a handover needs."""
