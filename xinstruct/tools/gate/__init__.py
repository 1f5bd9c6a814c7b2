"""Refuses pages at a glance that hold nothing in a wanted language; the way in is `gate.gate_for`."""
