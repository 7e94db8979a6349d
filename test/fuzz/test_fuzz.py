"""Damaged input of every kind is taken or refused in words; `make fuzz` runs the same for long."""

from fuzz_targets import create, TARGETS
from hypothesis import given, HealthCheck, settings
from hypothesis.strategies import binary, data as drawn, integers, sampled_from
from mutated_models import mutate
import numpy as np
import pytest


@pytest.mark.parametrize('name', TARGETS)
def test_what_comes_from_outside_is_taken_or_refused_in_words(name, tmp_path):
    if name in ('utterance', 'parameter-file'):
        pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
    if name in ('experiment', 'index'):
        pytest.importorskip('pandas')
        pytest.importorskip('torch', reason='no training packages: requirements/train.in')
    target = create(name, tmp_path)
    seeds = target.seeds()

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(drawn())
    def run(data):
        if data.draw(integers(0, 3)) == 0:
            content = data.draw(binary(max_size=200))
        else:
            content = data.draw(sampled_from(seeds))
            random = np.random.default_rng(data.draw(integers(0, 10 ** 6)))
            for _ in range(data.draw(integers(0, 3))):
                content = mutate(content, random) if content else content
        target.run(content)
    run()
