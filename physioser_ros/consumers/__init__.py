"""Examples of nodes that use the recognizer: copy one and start from it."""
