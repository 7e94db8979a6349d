"""
Speaker adaptation judged as a robot meets people: what is known after a few utterances.

Half of each speaker's clips of each emotion are judged; what was heard before comes from the
other half. How often which emotion was heard is the situation that is played, the labels never
reach the model.
"""

from typing import NamedTuple

import numpy as np
import torch

from physioser_ros.training.bootstrap import recall_of
from physioser_ros.training.data import FeatureSet
from physioser_ros.training.protocol import possible

#: Numbers of utterances heard before the judged one.
HEARD = (0, 1, 3, 5, 10, 20)

#: What was heard: all emotions alike, seven of ten neutral, or one emotion only, not neutral.
ORDERS = ('balanced', 'mostly neutral', 'one emotion')

#: Share of neutral utterances in mostly neutral company.
NEUTRAL_SHARE = 0.7

#: Clips a batch.
BATCH = 32


class NotAdapting(ValueError):
    """A model that keeps nothing of a speaker."""


class _Clips(NamedTuple):
    """The clips of the people met."""

    features: FeatureSet
    corpora: np.ndarray
    speakers: np.ndarray
    emotions: np.ndarray
    #: The labels, and those that can be answers; empty: all of them.
    labels: tuple
    judged: tuple


def meet(model, store, rows, labels, judged=(), draws=4, seed=0, say=None):
    """
    Let a model meet speakers whom it has not heard in training.

    :param model: `PhysioSER` that adapts to speakers
    :param store: `FeatureStore`, filled for the clips
    :param rows: pandas DataFrame of the clips, with `sha1_pcm`, `corpus`, `speaker_id`, `label`
    :param labels: tuple of the model's labels
    :param judged: labels that can be answers; empty: all of them
    :param draws: how often halves and company are drawn anew
    :param seed: seed of the draws
    :param say: callable of one line of text
    :return: dict of `draws`, `clips`, `orders`: order to number heard to a dict of corpus, and
        'mean', to UA; and `all`: the same for statistics of all clips of the speaker, judged on
        all clips
    :raises NotAdapting: if the model has no speaker statistics
    """
    if not model.config.speaker.enabled:
        raise NotAdapting('this model does not adapt to speakers: train one with '
                          'model.speaker.enabled: true')
    targets = [labels.index(label) for label in rows['label']]
    features = FeatureSet(store, rows['sha1_pcm'], targets)
    clips = _Clips(features, rows['corpus'].to_numpy(),
                   (rows['corpus'] + '/' + rows['speaker_id']).to_numpy(),
                   rows['label'].to_numpy(), labels, judged)
    everybody = np.arange(len(rows))
    fresh, states = _answers(model, clips, everybody, model.speaker.initial(len(rows)))
    orders = {order: {heard: [] for heard in HEARD} for order in ORDERS}
    for draw in range(draws):
        rng = np.random.default_rng([seed, draw])
        half = _half(clips, rng)
        for order in ORDERS:
            orders[order][0].append((half, fresh[half]))
            company = {speaker: _company(clips, speaker, half, order, rng)
                       for speaker in np.unique(clips.speakers)}
            for heard, known in _listen(model, clips, company).items():
                state = torch.stack([known[speaker] for speaker in clips.speakers[half]])
                orders[order][heard].append((half, _answers(model, clips, half, state)[0]))
        if say:
            say(f'draw {draw + 1} of {draws}')
    state = _state_of_all(model, clips, states)
    return {'draws': draws, 'clips': len(rows),
            'orders': {order: {str(heard): _figures(clips, answers, len(labels))
                               for heard, answers in own.items()}
                       for order, own in orders.items()},
            'all': _figures(clips, [(everybody, _answers(model, clips, everybody, state)[0])],
                            len(labels))}


def _listen(model, clips, company):
    """
    Let a model hear the company one by one, each with what it knows by then.

    :param company: dict of speaker to the numbers of the clips, in order
    :return: dict of each number heard, without 0, to a dict of speaker to state
    """
    known = dict(zip(company, model.speaker.initial(len(company))))
    found = {}
    for heard in range(1, max(HEARD) + 1):
        speakers = [speaker for speaker, own in company.items() if len(own) >= heard]
        if speakers:
            numbers = np.array([company[speaker][heard - 1] for speaker in speakers])
            state = torch.stack([known[speaker] for speaker in speakers])
            known.update(zip(speakers, _answers(model, clips, numbers, state)[1]))
        if heard in HEARD:
            found[heard] = dict(known)
    return found


@torch.inference_mode()
def _answers(model, clips, numbers, state):
    """Return the answers to some clips, int, shape (n,), and what is then known, given `state`."""
    answers, after = np.zeros(len(numbers), dtype=int), torch.empty_like(state)
    # Clips of like length share a batch: less of it is padding.
    lengths = [len(next(part for part in clips.features.store.read(clips.features.digests[number])
                        if part is not None)) for number in numbers]
    order = np.argsort(lengths, kind='stable')
    for first in range(0, len(order), BATCH):
        own = order[first:first + BATCH]
        batch = clips.features.whole(numbers[own])
        output = model.forward_features(
            batch.frames, batch.frame_lengths, batch.quartet, batch.quartet_lengths,
            frames_pooled=True, speaker_state=state[torch.from_numpy(own)])
        answers[own] = possible(output.logits.numpy(), clips.labels, clips.judged).argmax(1)
        after[torch.from_numpy(own)] = output.speaker_state_next
    return answers, after


def _half(clips, rng):
    """Return half of each speaker's clips of each emotion, ascending."""
    keys = np.array([f'{speaker}\0{emotion}' for speaker, emotion in
                     zip(clips.speakers, clips.emotions)])
    chosen = []
    for key in np.unique(keys):
        own = rng.permutation(np.flatnonzero(keys == key))
        chosen.extend(own[:(len(own) + 1) // 2])
    return np.sort(np.array(chosen))


def _company(clips, speaker, judged, order, rng):
    """Return which clips of a speaker were heard before, in this order; never a judged one."""
    own = np.setdiff1d(np.flatnonzero(clips.speakers == speaker), judged)
    if not len(own):
        return own
    emotions = np.unique(clips.emotions[own])
    others = emotions[emotions != 'neutral']
    if order == 'one emotion' and len(others):
        emotions = rng.choice(others, 1)
    wanted = rng.choice(emotions, max(HEARD))
    if order == 'mostly neutral' and 'neutral' in emotions and len(others):
        wanted = np.where(rng.random(max(HEARD)) < NEUTRAL_SHARE, 'neutral',
                          rng.choice(others, max(HEARD)))
    return np.array([rng.choice(own[clips.emotions[own] == emotion]) for emotion in wanted])


def _state_of_all(model, clips, states):
    """Return what is known after all clips of each clip's speaker, each counting the same."""
    found = torch.empty_like(states)
    for speaker in np.unique(clips.speakers):
        own = torch.from_numpy(clips.speakers == speaker)
        # Each state is of one utterance; their mean counts for as many as a state can hold.
        found[own] = states[own].mean(0) * model.config.speaker.max_count
    return found


def _figures(clips, answers, classes):
    """Return UA of each corpus over all draws, and their mean."""
    found = {}
    for corpus in np.unique(clips.corpora):
        counts = np.zeros((classes, classes))
        for judged, given in answers:
            own = clips.corpora[judged] == corpus
            np.add.at(counts, (clips.features.targets[judged][own], given[own]), 1)
        found[str(corpus)] = float(recall_of(counts))
    return {**found, 'mean': float(np.mean(list(found.values())))}
