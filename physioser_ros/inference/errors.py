"""What can go wrong between a model file and an answer."""


class ModelError(RuntimeError):
    """A model cannot be used; the text names the file, what was expected and the remedy."""


class ModelNotFound(ModelError):
    """There is no model file of this name or path."""


class ManifestError(ModelError):
    """A model's SHA-256 is unknown or differs from the one that was recorded."""


class ModelFormatError(ModelError):
    """The file is not a model that this version can run."""


class ProviderError(ModelError):
    """onnxruntime cannot run the model on the execution provider that was asked for."""


class InferenceError(RuntimeError):
    """One run of the model failed or gave numbers that are no answer."""
