"""Options of the quartet."""

from dataclasses import dataclass
import math

#: The four parts of the quartet, in the order of the quaternion's r, i, j, k.
COMPONENTS = ('M', 'rho', 'f_inst', 'tau_g')

_CHOICES = {
    'if_mode': ('reassign', 'phase_diff'),
    'if_ref': ('deviation', 'absolute'),
    'rho': ('signed', 'halfwave', 'analytic'),
    'gd': ('plain', 'modified'),
}


@dataclass(frozen=True)
class QuartetConfig:
    """
    How the quartet is computed.

    PhysioSER (arXiv 2602.13259) names the four parts; every value below is a choice of this
    project.
    """

    #: Rate of the waveform in Hz.
    sample_rate: int = 16000
    #: Length of the periodic Hann window and of the transform, in samples. Even.
    window: int = 512
    #: Step between frames in samples.
    hop: int = 160
    #: 0 keeps all `window / 2` bins; n > 0 merges them into n mel-spaced triangles, which act on
    #: the power and on the numerators of the phase parts (an energy-weighted mean).
    bands: int = 0
    #: Instantaneous frequency by `reassign` (Auger & Flandrin 1995) or by `phase_diff`, the phase
    #: advance from frame to frame: ambiguous beyond half of `sample_rate / hop`, for reference.
    if_mode: str = 'reassign'
    #: Frequency as `deviation` from the bin's centre or `absolute`.
    if_ref: str = 'deviation'
    #: Rate of the log-magnitude: frame difference `signed`, its positive half (`halfwave`), or
    #: the `analytic` derivative from the derivative window.
    rho: str = 'signed'
    #: Group delay `plain`, or `modified`: over a cepstrally smoothed spectrum (Murthy & Gadde
    #: 2003).
    gd: str = 'plain'
    #: Range below the loudest bin in which the phase parts count, in dB.
    range_db: float = 60.0
    #: Smallest power that counts as sound.
    floor: float = 1e-10
    #: Exponent of the smoothed spectrum, only with `gd: modified`.
    gd_gamma: float = 0.9
    #: Exponent of the modified group delay itself, only with `gd: modified`.
    gd_alpha: float = 0.4
    #: Cepstral coefficients that the smoothing keeps, only with `gd: modified`.
    gd_cepstra: int = 30

    def __post_init__(self):
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f'quartet.{name} is {getattr(self, name)!r}, expected one of '
                                 f'{", ".join(choices)}')
        if self.window < 32 or self.window % 2:
            raise ValueError(f'quartet.window is {self.window}, expected an even number >= 32')
        if not 1 <= self.hop <= self.window:
            raise ValueError(f'quartet.hop is {self.hop}, expected 1 to {self.window} samples')
        if not 0 <= self.bands <= self.window // 2:
            raise ValueError(f'quartet.bands is {self.bands}, expected 0 to {self.window // 2}')
        if self.sample_rate <= 0 or self.floor <= 0 or self.range_db <= 0:
            raise ValueError('quartet.sample_rate, floor and range_db must be positive, got '
                             f'{self.sample_rate}, {self.floor} and {self.range_db}')

    @property
    def bins(self):
        """Return the number of frequency bins of the transform (the Nyquist bin is dropped)."""
        return self.window // 2

    @property
    def rows(self):
        """Return the number of rows of the quartet: bands where asked for, bins otherwise."""
        return self.bands or self.bins

    @property
    def frame_step_s(self):
        """Return the time from frame to frame in seconds."""
        return self.hop / self.sample_rate

    @property
    def log_range(self):
        """Return R, the range of the log-magnitude in nat: half the logarithm of the range."""
        return 0.5 * math.log(10.0 ** (self.range_db / 10.0))

    def frames(self, samples):
        """
        Return how many frames `samples` samples give; nothing is centred or padded.

        :param samples: int, or an integer array or tensor
        """
        return (samples - self.window) // self.hop + 1
