"""Finds the main text of a page and what the page says of itself; `page` is the way in, `parser` runs caged."""
