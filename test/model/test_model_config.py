"""Configurations: experiment files, variants, errors that name the option."""

import pytest
import yaml

from physioser_ros.model import PhysioSERConfig, VARIANTS


def test_what_is_absent_has_its_default():
    assert PhysioSERConfig.from_dict(None) == PhysioSERConfig()
    config = PhysioSERConfig.from_dict({'classes': 8, 'encoder': {'channels': [4, 8, 16, 32]}})
    assert config.classes == 8
    assert config.encoder.channels == (4, 8, 16, 32)
    assert config.encoder.strides == PhysioSERConfig().encoder.strides


@pytest.mark.parametrize('variant', VARIANTS)
def test_a_variant_survives_yaml(variant, tmp_path):
    config = PhysioSERConfig.from_dict({'classes': 7}, variant)
    path = tmp_path / 'experiment.yaml'
    path.write_text(yaml.safe_dump({'model': config.to_dict()}))
    assert PhysioSERConfig.from_yaml(path) == config


def test_a_file_may_name_a_variant_and_change_more(tmp_path):
    path = tmp_path / 'experiment.yaml'
    path.write_text('model: {variant: real_cnn, encoder: {frequency: weighted}}')
    config = PhysioSERConfig.from_yaml(path)
    assert (config.encoder.kind, config.encoder.frequency) == ('real', 'weighted')
    assert PhysioSERConfig.from_yaml(path, 'no_cpa').encoder.kind == 'quaternion'


def test_variants_differ_from_the_method_where_they_say():
    configs = {name: PhysioSERConfig.from_dict({}, name) for name in VARIANTS}
    assert configs['backbone_only'].branches == ('ssl',)
    assert configs['vap_only'].branches == ('vap',)
    assert configs['magnitude_only'].encoder.components == ('M', 'rho')
    assert configs['phase_only'].encoder.components == ('f_inst', 'tau_g')
    assert configs['no_cpa'].alignment.kind == 'none'
    assert configs['paper_fusion'].fusion.residual == 'none'


@pytest.mark.parametrize(('values', 'message'), [
    ({'clases': 6}, 'unknown option clases'),
    ({'encoder': {'chanels': [1]}}, 'unknown option encoder.chanels'),
    ({'variant': 'tiny'}, "variant is 'tiny', expected one of physioser"),
    ({'classes': 1}, 'classes is 1'),
    ({'classes': 'six'}, "classes is 'six', expected int"),
    ({'width': 250}, 'width is 250'),
    ({'branches': ['ssl', 'vap']}, r'branches is \(.*, expected \[vap, ssl\]'),
    ({'encoder': 3}, 'encoder is 3, expected a table'),
    ({'encoder': {'kind': 'octonion'}}, 'encoder.kind'),
    ({'encoder': {'components': ['phase']}}, 'encoder.components'),
    ({'encoder': {'channels': [8]}}, 'the same number'),
    ({'encoder': {'strides': 2}}, 'encoder.strides is 2, expected a list'),
    ({'latent': {'frame_pool': 0}}, 'latent.frame_pool is 0'),
    ({'alignment': {'temperature': 0.001}}, 'alignment.temperature'),
    ({'fusion': {'gate': 1.5}}, 'fusion.gate is 1.5'),
    ({'fusion': {'detach': 'no'}}, "fusion.detach is 'no', expected bool"),
    ({'speaker': {'enabled': True}, 'branches': ['vap']}, 'needs the latent branch'),
    ({'quartet': {'bands': 999}}, 'quartet.bands is 999'),
])
def test_a_bad_value_is_named(values, message):
    with pytest.raises(ValueError, match=message):
        PhysioSERConfig.from_dict(values)


def test_an_error_names_the_file(tmp_path):
    path = tmp_path / 'broken.yaml'
    path.write_text('model: {classes: 0}')
    with pytest.raises(ValueError, match='broken.yaml: classes is 0'):
        PhysioSERConfig.from_yaml(path)
