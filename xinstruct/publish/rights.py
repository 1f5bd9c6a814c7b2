"""Decides which rows may leave: under an open licence, as addresses without texts, or all."""

from xinstruct.tools.rights.licences import OPEN_LICENCES, is_open

__all__ = ["OPEN_LICENCES", "is_open"]
