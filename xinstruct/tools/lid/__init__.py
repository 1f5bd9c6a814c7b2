"""Identifies the language and script of a text, and trains the model that does."""
