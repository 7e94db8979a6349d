"""An utterance that goes on, as the segmenter follows it."""

import numpy as np


class OpenUtterance:
    """
    What is known of an utterance so far; places are indices of samples in the stream.

    :param start: its first sample, the pre-roll included
    :param begun: where the speech in it begins
    :param flags: set of flags of the `Utterance`
    :param end: end of the first frame of speech
    :param probability: of that frame
    :ivar announced: whether its beginning was told, so that its end must be
    :ivar last_speech: end of the last frame of speech
    :ivar last_partial: end of the last part that was handed out
    :ivar anticipated: end of what was handed out before it was over, None for nothing
    """

    def __init__(self, start, begun, flags, end, probability):
        self.start, self.begun, self.flags = start, begun, flags
        self.announced = True
        self.last_speech = self.last_partial = end
        self.anticipated = None
        self._ends, self._probabilities = [end], [probability]

    def follow(self, end, probability, stop_threshold):
        """Take one more frame."""
        self._ends.append(end)
        self._probabilities.append(probability)
        if probability >= stop_threshold:
            self.last_speech = end

    def least_probable(self, earliest, latest):
        """Return the end of the least probable frame that ends in (earliest, latest]."""
        frames = [(probability, -end) for end, probability
                  in zip(self._ends, self._probabilities) if earliest < end <= latest]
        return -min(frames)[1]

    def rest(self, cut):
        """Return what goes on after a cut."""
        rest = OpenUtterance(cut, cut, {'split'}, cut, 0.0)
        rest.announced = self.announced
        keep = [index for index, end in enumerate(self._ends) if end > cut]
        rest._ends = [self._ends[index] for index in keep]
        rest._probabilities = [self._probabilities[index] for index in keep]
        rest.last_speech = max(self.last_speech, cut)
        rest.last_partial = max(self.last_partial, cut)
        return rest

    def mean_probability(self, end):
        """Return the mean over the frames from the onset to the last one of speech."""
        last = min(max(self.last_speech, self.begun), end)
        heard = [probability for stop, probability in zip(self._ends, self._probabilities)
                 if stop <= last] or self._probabilities[:1]
        return float(np.mean(heard)) if heard else 0.0
