"""
What the capture hears and what it takes for a voice, measured on sound whose truth is known.

Real sentences are laid on a time line between silences, noises are synthesised, every seed is
fixed. Needs a folder of recordings (`docs/corpora.md`) and, for the comparison, `auditok`.
"""
