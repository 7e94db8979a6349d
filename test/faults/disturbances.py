"""What a robot hears that is no speech, int16 at 16 kHz, the same every time."""

import numpy as np

RATE = 16000


def noise(count):
    """Return the hiss of a fan."""
    return np.rint(np.random.default_rng(0).standard_normal(count) * 1500).astype(np.int16)


def hum(count):
    """Return the hum of the mains with its harmonics."""
    phase = 2 * np.pi * 50 * np.arange(count) / RATE
    return np.rint(3000 * sum(np.sin(k * phase) / k for k in range(1, 6))).astype(np.int16)


def servo(count):
    """Return a motor that turns to and fro."""
    pitch = 300 + 1500 * (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / RATE))
    wave = np.sign(np.sin(2 * np.pi * np.cumsum(pitch) / RATE))
    return np.rint(900 * wave).astype(np.int16)


def music(count):
    """Return a broken chord of plucked strings."""
    time_s = np.arange(count) / RATE
    steps = np.array([0, 4, 7, 12, 7, 4])[(2 * time_s).astype(int) % 6]
    phase = 2 * np.pi * np.cumsum(220 * 2 ** (steps / 12)) / RATE
    pluck = np.exp(-3 * (2 * time_s % 1))
    wave = sum(np.sin(k * phase) / 2 ** (k - 1) for k in (1, 2, 3))
    return np.rint(4000 * pluck * wave).astype(np.int16)


DISTURBANCES = {'noise': noise, 'hum': hum, 'servo': servo, 'music': music}
