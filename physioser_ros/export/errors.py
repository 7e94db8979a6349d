"""What can go wrong while a model is exported."""


class ExportError(RuntimeError):
    """A model cannot be exported as asked; the text says why and what to do."""
