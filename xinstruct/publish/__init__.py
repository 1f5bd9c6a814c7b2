"""Turns the rows of the last stage into a dataset that trainers load as it is, with a card that tells of its making."""
