"""The control API for tests, under `/_emulator`."""
