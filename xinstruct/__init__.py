"""xinstruct turns natural web text in any language into cross-lingual instruction data."""

__version__ = "0.1.0"
