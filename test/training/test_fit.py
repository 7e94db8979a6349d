"""The training loop on synthetic features: it learns, it resumes, it can be read back."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from physioser_ros.model import PhysioSER, PhysioSERConfig
from physioser_ros.training.data import FeatureSet, mask, padded
from physioser_ros.training.fit import CropBatches, fit, logits_of
from physioser_ros.training.losses import NO_LABEL
from physioser_ros.training.module import forward
from physioser_ros.training.options import TrainingOptions

#: A model of a few thousand weights.
TINY = {'classes': 2, 'width': 16, 'pooling_hidden': 8, 'dropout': 0.0,
        'quartet': {'hop': 320, 'bands': 16}, 'backbone': {'layers': [1, 2], 'width': 12},
        'encoder': {'channels': [2, 4], 'strides': [[2, 2], [2, 2]]},
        'latent': {'channel_dropout': 0.0}, 'alignment': {'hidden': 16},
        'fusion': {'layers': 1, 'heads': 2, 'hidden': 16, 'classifier_hidden': 8}}
OPTIONS = TrainingOptions(epochs=12, batch_size=8, crop_s=(0.4, 0.6), learning_rate=2e-2,
                          ema_decay=0.9, mask_bands=0.1, mask_frames=0.1)


class SyntheticStore:
    """Features of sixteen clips whose class shows in both branches."""

    frame_step_s, quartet_step_s, views = 0.08, 0.02, 1

    def read(self, digest, view=0):
        """Return frames and quartet of clip `digest`, '0' to '15'."""
        rng = np.random.default_rng([int(digest), view])
        sign = 1 - 2 * (int(digest) % 2)
        length = 6 + int(digest)
        frames = rng.normal(0.6 * sign, 1, (length, 2, 12))
        quartet = rng.normal(0, 0.2, (4 * length, 4, 16))
        quartet[:, 0] += 0.3 * sign
        return frames.astype(np.float16), quartet.astype(np.float16)


@pytest.fixture
def features():
    """Sixteen clips of two classes."""
    return FeatureSet(SyntheticStore(), map(str, range(16)), np.arange(16) % 2)


def tiny(**changes):
    """Return an untrained model, always the same."""
    torch.manual_seed(0)
    return PhysioSER(PhysioSERConfig.from_dict({**TINY, **changes}))


def weights(model):
    """Return all weights as one vector."""
    return torch.cat([value.flatten().float() for value in model.state_dict().values()])


@pytest.mark.parametrize('branches', [['vap', 'ssl'], ['ssl'], ['vap']])
def test_a_tiny_model_learns_its_training_clips(features, tmp_path, branches):
    model, lines = tiny(branches=branches), []
    fit(model, features, OPTIONS, 0, tmp_path, lines.append)
    found = logits_of(model, features)
    assert (found['logits'].argmax(1) == features.targets).all()
    assert len(lines) == 12 and len((tmp_path / 'log.csv').read_text().splitlines()) == 13


class Interrupted(RuntimeError):
    """What the test interrupts a training with."""


def test_an_interrupted_training_ends_where_it_would_have(features, tmp_path):
    options = replace(OPTIONS, epochs=4)
    whole, halves = tiny(), tiny()
    fit(whole, features, options, 3, tmp_path / 'whole')

    def interrupt(line):
        if line.startswith('epoch 3/'):
            raise Interrupted

    with pytest.raises(Interrupted):
        fit(halves, features, options, 3, tmp_path / 'halves', interrupt)
    again = tiny()
    fit(again, features, options, 3, tmp_path / 'halves')
    torch.testing.assert_close(weights(again), weights(whole))
    assert not torch.equal(weights(again), weights(tiny()))


def test_epochs_are_functions_of_seed_and_number(features):
    def first(seed, epoch):
        batches = CropBatches(features, OPTIONS, seed)
        batches.set_epoch(epoch)
        return next(iter(batches))

    torch.testing.assert_close(first(1, 2).frames, first(1, 2).frames)
    assert first(1, 2).targets.tolist() != first(1, 3).targets.tolist() \
        or not torch.equal(first(1, 2).frames[:, :, :1], first(1, 3).frames[:, :, :1])


def test_crops_show_both_branches_the_same_stretch():
    class Ramp(SyntheticStore):
        views = 0

        def read(self, digest, view=0):
            frames = np.arange(40.0)[:, None, None] * np.ones((1, 2, 12))
            quartet = np.arange(160.0)[:, None, None] * np.ones((1, 4, 16)) / 4
            return frames, quartet

    clip = FeatureSet(Ramp(), ['0'] * 6, np.zeros(6))
    options = replace(OPTIONS, crop_s=(1.0, 1.0), mask_bands=0.0, mask_frames=0.0)
    batch = clip.crops(range(6), np.random.default_rng(0), options)
    assert batch.frames.shape == (6, 2, 12, 12) and batch.quartet.shape == (6, 4, 16, 50)
    torch.testing.assert_close(batch.frames[:, 0, 0, 0], batch.quartet[:, 0, 0, 0])
    assert len(set(batch.frames[:, 0, 0, 0].tolist())) > 1


def test_sounds_without_speech_stand_behind_the_clips_of_a_batch(features):
    features.sounds = [features.store.read('9')]
    batch = features.crops(np.arange(10), np.random.default_rng(0),
                           replace(OPTIONS, non_speech=0.2))
    assert batch.targets.tolist() == [0, 1] * 5 + [NO_LABEL] * 2
    assert len(batch.frames) == len(batch.quartet) == len(batch.weights) == 12
    assert batch.weights[10:].tolist() == [1, 1]


def test_a_model_is_undecided_about_sounds_that_it_trained_on(features, tmp_path):
    model = tiny()
    still = np.full((8, 2, 12), 3, np.float16), np.full((32, 4, 16), 2, np.float16)
    features.sounds = [still]
    fit(model, features, replace(OPTIONS, non_speech=0.25, epochs=20), 0, tmp_path)
    with torch.inference_mode():
        probabilities = forward(model, features._batch([], [still])).logits.softmax(1)
    assert float(probabilities.max()) < 0.6


def test_clips_are_padded_with_zeros_behind_their_end():
    values, lengths = padded([np.ones((2, 3)), np.ones((4, 3))])
    assert lengths.tolist() == [2, 4]
    assert values[0].sum() == 6 and values[0, 2:].sum() == 0 and values[1].sum() == 12


def test_masks_are_no_wider_than_asked_for():
    rng = np.random.default_rng(0)
    for _ in range(20):
        quartet = np.ones((50, 4, 20))
        mask(quartet, rng, 0.2, 0.25)
        assert (quartet.sum((1, 2)) == 0).sum() <= 10
        assert (quartet.sum((0, 1)) == 0).sum() <= 5
