"""What can go wrong while listening, each with a remedy in its sentence."""


class AudioError(RuntimeError):
    """Sound cannot be captured as asked for; the text names the cause and the remedy."""


class DeviceNotFound(AudioError):
    """No input device matches the query."""


class DeviceAmbiguous(AudioError):
    """Several input devices match the query."""
