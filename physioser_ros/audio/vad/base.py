"""What the segmenter asks of a voice activity detector."""

from abc import ABC
from abc import abstractmethod


class VoiceActivity(ABC):
    """Tells speech from everything else, one frame after the other."""

    #: Length of a frame at 16 kHz.
    frame_samples = 0

    #: Probability that has to be seen once before a rise counts as speech. A detector whose
    #: answers are only yes and no has nothing between them to be sure of.
    sure_threshold = 0.5

    @abstractmethod
    def probability(self, frame):
        """
        Return the probability that the next frame holds speech.

        :param frame: int16, shape `(frame_samples,)`, mono 16 kHz, following the frame before
        :return: a float in [0, 1]
        """

    @abstractmethod
    def reset(self):
        """Forget everything heard: sound was lost, or another recording begins."""
