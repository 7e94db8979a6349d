"""
What the package costs, measured side by side with what else could be installed.

Every figure is a median over rounds in which all contestants take turns, so that a machine that
slows down slows all of them. Needs the packages of `requirements/bench.in`.
"""
