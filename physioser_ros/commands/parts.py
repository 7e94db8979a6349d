"""`physioser parts`: the trainable parameters of a model, part by part."""

from pathlib import Path

import click

#: What each part of the model is, by its name in the code.
PARTS = {
    'encoder': 'quaternion spectrotemporal encoder (or the real-valued CNN)',
    'vap_summary': 'vocal branch: attention pooling, normalisation, own classifier',
    'statistics': 'mean and deviation of the quartet over time',
    'latent': 'latent transform: layer mix, linear map',
    'ssl_summary': 'latent branch: attention pooling, normalisation, own classifier',
    'vap_projection': 'contrastive projection of the vocal branch',
    'ssl_projection': 'contrastive projection of the latent branch',
    'fusion': 'fusion Transformer over [CLS, VAP, SSL]',
    'classifier': 'classifier and gate on the fusion',
    'alignment': 'temperature of the alignment',
}


@click.command()
@click.argument('experiment', required=False,
                type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option('--variant', default=None, help='Variant of the model, e.g. real_cnn.')
@click.option('--classes', default=None, type=int, help='Number of emotions.')
def command(experiment, variant, classes):
    """
    Print the trainable parameters of the model in EXPERIMENT, part by part.

    EXPERIMENT is a YAML file such as config/experiments/physioser.yaml; without one it is the
    default model for six emotions. The frozen backbone does not count.
    """
    from dataclasses import replace

    from rich.console import Console
    from rich.table import Table

    from physioser_ros.model import PhysioSER, PhysioSERConfig

    try:
        config = (PhysioSERConfig.from_dict({}, variant) if experiment is None
                  else PhysioSERConfig.from_yaml(experiment, variant))
        if classes is not None:
            config = replace(config, classes=classes)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    counts = PhysioSER(config).trainable_parts()
    total = sum(counts.values())
    table = Table(title=f'{config.classes} emotions', show_footer=True)
    table.add_column('part', footer='total')
    table.add_column('trainable', footer=f'{total:,}', justify='right')
    table.add_column('share', footer='100.0 %', justify='right')
    table.add_column('what it is', footer=f'{total / 1e6:.2f} M')
    for name, count in counts.items():
        table.add_row(name, f'{count:,}', f'{100 * count / total:.1f} %', PARTS[name])
    Console().print(table)
