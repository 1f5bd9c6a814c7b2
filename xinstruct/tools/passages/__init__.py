"""Cuts the text of a page into passages of whole sentences in one language, and measures them."""
