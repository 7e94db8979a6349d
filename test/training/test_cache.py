"""The cache: what goes in comes out, once, and an interrupted run loses nothing."""

import numpy as np
import pytest

from physioser_ros.training.cache import ArrayCache, cache_key


def array_of(name):
    """Return an array of a length of its own."""
    return np.full((3 + len(name), 2), len(name), np.float32)


def test_arrays_come_back_from_another_session(tmp_path):
    ArrayCache(tmp_path).fill(['a', 'bb', 'ccc'], array_of, shard_clips=2)
    cache = ArrayCache(tmp_path)
    assert len(cache) == 3 and 'bb' in cache and 'x' not in cache
    for name in ('a', 'bb', 'ccc'):
        np.testing.assert_array_equal(cache[name], array_of(name))
        assert cache[name].dtype == np.float16


def test_only_what_is_missing_is_computed(tmp_path):
    cache, computed = ArrayCache(tmp_path), []

    def compute(name):
        computed.append(name)
        return array_of(name)

    cache.fill(['a', 'bb'], compute)
    cache.fill(['bb', 'ccc', 'ccc'], compute)
    assert computed == ['a', 'bb', 'ccc']


def test_an_interrupted_run_keeps_the_shards_it_wrote(tmp_path):
    def compute(name):
        if name == 'ccc':
            raise RuntimeError('the power failed')
        return array_of(name)

    with pytest.raises(RuntimeError):
        ArrayCache(tmp_path).fill(['a', 'bb', 'ccc'], compute, shard_clips=1)
    cache = ArrayCache(tmp_path)
    assert cache.missing(['a', 'bb', 'ccc']) == ['ccc']
    cache.fill(['ccc'], array_of)
    np.testing.assert_array_equal(cache['ccc'], array_of('ccc'))


def test_values_beyond_float16_are_refused(tmp_path):
    with pytest.raises(ValueError, match='clip a: values beyond'):
        ArrayCache(tmp_path).fill(['a'], lambda name: np.array([[1e6]]))


def test_a_key_changes_with_what_it_names_and_with_nothing_else():
    assert cache_key(a=1, b=[2]) == cache_key(b=[2], a=1)
    assert cache_key(a=1, b=[2]) != cache_key(a=1, b=[3])
