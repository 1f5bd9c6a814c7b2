"""The line itself: the order of stages, the parts of the input, and what must be made."""
