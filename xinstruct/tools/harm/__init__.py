"""Tells text that no reader should be taught from: machine-made pages, adult and gambling spam, abuse; the way in is
`faults`, with what `machine` and `spam` measured.
"""
