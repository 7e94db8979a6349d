"""How early an answer can be had, and what computing it ahead of time saves."""
