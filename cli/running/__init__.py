"""The commands that ask a running bot."""
