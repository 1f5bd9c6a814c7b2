"""Tells what publishers and persons allow: licences, reservations, robots.txt, opt-outs, what is to be forgotten."""
