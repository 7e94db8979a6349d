"""What a run of the benchmark found."""

from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional

from physioser_ros.benchmark.answers import Answering
from physioser_ros.benchmark.counts import Work
from physioser_ros.benchmark.crowds import Crowd
from physioser_ros.benchmark.machine import Machine
from physioser_ros.benchmark.nodes import Latency, Memory, Running
from physioser_ros.benchmark.timing import Noise, Timing
from physioser_ros.benchmark.turns import Outcome

#: Names of contestants that verdicts and tables ask for.
PEAK = 'float32 matrix product (numpy)'
OPENSMILE = 'openSMILE eGeMAPSv02 + SVM'
SPEECHBRAIN = 'SpeechBrain QConv2d, same shapes (torch)'
BACKBONE_TORCH = 'backbone alone (torch)'
BACKBONE_ORT = 'backbone alone (onnxruntime)'
WAV2VEC2_TORCH = 'wav2vec2-base size, random weights (torch)'
WAV2VEC2_ORT = 'wav2vec2-base size, random weights (onnxruntime)'
NUMPY_QUARTET = 'quartet by scipy and numpy'
SEGMENTER = 'voice activity (cascade) + segmenter'


def model_name(name: str) -> str:
    """Return the name of the contestant that runs a whole model file."""
    return f'model {name}'


def part_name(part: str) -> str:
    """Return the name of the contestant that runs one part of the default model."""
    return f'part {part}'


@dataclass(frozen=True)
class ModelFile:
    """A model that was measured."""

    name: str
    """Its name, e.g. `balanced`."""
    precision: str
    """Precision of its weights at run time."""
    megabytes: float
    """Size of the file in 1e6 bytes."""
    figures: Mapping[str, Any]
    """What its makers measured, from its metadata."""
    backbone: str = ''
    """Its backbone and where it is cut, e.g. `whisper-base 1, 2, 3`."""
    experiment: str = ''
    """Experiment that it was trained by, from its metadata."""


@dataclass
class Findings:
    """Everything that a run found; what was not measured is empty or None."""

    machine: Machine
    load_average_before: float
    """Load average of the last minute when the run began."""
    models: Mapping[str, ModelFile]
    """Models measured, by name; the first is the default one."""
    utterance_s: float
    """Length of the reference utterance in s."""
    one_thread: Optional[Outcome] = None
    two_threads: Optional[Outcome] = None
    work: Dict[str, Work] = field(default_factory=dict)
    """Counts of each part of the default model."""
    cuts: Optional[Outcome] = None
    """The backbone by where it is cut, see `cuts.CUTS`, beside the default model."""
    recalls: Dict[str, float] = field(default_factory=dict)
    """Mean recall of the classes by cut, of those that were trained."""
    eight_bits: Dict[str, Any] = field(default_factory=dict)
    """What 8 bits change on speakers held out, by model, see `eight_bits.EightBits`."""
    lengths: Dict[float, Timing] = field(default_factory=dict)
    """Timing of the default model by length of the utterance in s."""
    latency: Optional[Latency] = None
    memory: Optional[Memory] = None
    running: Dict[int, Running] = field(default_factory=dict)
    """Cost of both nodes by number of processes."""
    answers: Dict[float, Answering] = field(default_factory=dict)
    """From the end of an utterance to its answer, by its length in s."""
    captures: Dict[int, Crowd] = field(default_factory=dict)
    """One recogniser by the number of its capture nodes."""
    robots: Dict[int, Crowd] = field(default_factory=dict)
    """Robots with both nodes each on one graph, by their number."""
    absent: Dict[str, str] = field(default_factory=dict)
    """Why something could not be measured, by name."""
    background: Dict[str, float] = field(default_factory=dict)
    """Cores that other processes kept busy meanwhile, a mean, by what was measured."""
    noise: Noise = Noise(())
    """Whether this is a result."""

    @property
    def background_cores(self) -> float:
        """Return the cores that other processes kept busy, at the worst of what was measured."""
        return max(self.background.values(), default=0.0)

    @property
    def default(self) -> str:
        """Return the name of the default model's contestant."""
        return model_name(next(iter(self.models)))

    def timing(self, name: str, threads: int = 1) -> Optional[Timing]:
        """Return the timing of a contestant, None where it did not take part."""
        outcome = self.one_thread if threads == 1 else self.two_threads
        return outcome.timings.get(name) if outcome else None

    def detail(self, name: str, key: str) -> float:
        """Return a number that a contestant's factory told."""
        return self.one_thread.readiness[name].details[key]

    @property
    def peak_gflops(self) -> Optional[float]:
        """Return the measured peak of one core in 1e9 operations a second."""
        peak = self.timing(PEAK)
        return self.detail(PEAK, 'flop') / peak.cpu_ms / 1e6 if peak else None

    @property
    def parts_ms(self) -> Dict[str, float]:
        """Return the CPU time of each part that was measured in ms."""
        prefix = part_name('')
        timings = self.one_thread.timings if self.one_thread else {}
        return {name[len(prefix):]: timing.cpu_ms for name, timing in timings.items()
                if name.startswith(prefix)}
