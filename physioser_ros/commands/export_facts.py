"""What a run folder and the index of the recordings say of a model that is exported."""


def facts_of_run(run, data, *, name, version, licence=''):
    """
    Gather what is told of the model of a finished run.

    :param run: run folder
    :param data: folder with the recordings that the run learned from, and their index.csv
    :param name: name of the model
    :param version: version of the model
    :param licence: licence of the weights; '' for the one that follows from the corpora
    :return: `physioser_ros.export.ModelFacts`
    :raises RunError: if the run is not finished
    """
    from physioser_ros.export import ModelFacts
    from physioser_ros.training import run_folder

    config = run_folder.read_config(run)
    metrics = run_folder.read_metrics(run)
    environment = run_folder.read_environment(run)
    calibration = metrics['calibration'] or {}
    training = {'command': run_folder.without_folders(environment['command']),
                'seed': metrics['seed'], 'fold': metrics['fold'],
                'revision': environment['revision'],
                'packages': environment['packages'], 'config': config}
    return ModelFacts(
        name=name, version=version, labels=tuple(metrics['labels']),
        corpora=_corpora(config, metrics, data),
        temperature=calibration.get('temperature', 1.0),
        threshold=calibration.get('threshold', 0.0),
        fitted_on=calibration.get('fitted_on', ''), figures=_figures(metrics),
        training=training, licence=licence)


def recordings_of_run(run, data, count, held_out=False):
    """
    Return some recordings that a run could learn from, spread over the corpora.

    :param run: run folder
    :param data: folder with the recordings and their index.csv
    :param count: how many, at most
    :param held_out: only of the run's test speakers, where it has any
    :return: list of pairs of the recording, float32 (n,), 16 kHz, and the index of its label
    """
    from physioser_ros.corpora.index import read_index
    from physioser_ros.training import run_folder
    from physioser_ros.training.features import read_waveform

    metrics = run_folder.read_metrics(run)
    index = read_index(data, run_folder.read_config(run)['data']['corpora'] or None)
    if held_out and metrics['speakers']['test']:
        index = index[index['speaker_id'].isin(metrics['speakers']['test'])]
    rows = index.iloc[::max(1, -(-len(index) // max(count, 1)))].head(count)
    return [(read_waveform(data / path), metrics['labels'].index(label))
            for path, label in zip(rows['path'], rows['emotion_norm'])]


def _held_out(metrics):
    """Return the speakers whom the figures are of, or who set the temperature."""
    if metrics['all_speakers']:
        return set((metrics['calibration'] or {}).get('held_out_in_that_run', ()))
    return set(metrics['speakers']['test']) | set(metrics['speakers']['calibration'])


def _corpora(config, metrics, data):
    """Return `CorpusFacts` of every corpus that the run learned from."""
    from physioser_ros.corpora import corpus_names, get_corpus
    from physioser_ros.corpora.index import read_index
    from physioser_ros.export import CorpusFacts

    index = read_index(data, config['data']['corpora'] or None)
    held_out = _held_out(metrics)
    facts = []
    for key, rows in index.groupby('corpus'):
        name = get_corpus(key).name if key in corpus_names() else key
        speakers = sorted(set(rows['speaker_id']) & held_out)
        classes = set(rows['licence_class'])
        facts.append(CorpusFacts(
            name=name, licence=', '.join(sorted(set(rows['licence']))),
            licence_class='permissive' if classes == {'permissive'} else 'nc',
            language=', '.join(sorted(set(rows['language']))), clips=len(rows),
            held_out_speakers=tuple(speakers)))
    return tuple(facts)


def _figures(metrics):
    """Return the figures by corpus, without the confusion matrices."""
    calibration = metrics['calibration'] or {}
    found = metrics.get('test') or calibration.get('figures') or {}
    table = {corpus: {key: value for key, value in row.items() if key != 'confusion'}
             for corpus, row in found.items()}
    note = 'Measured on the speakers held out of the training of this very model.'
    if metrics['all_speakers']:
        note = ('This model learned from all speakers, so nobody is left to judge it. The '
                'figures are those of a training of the same kind without the speakers named '
                'as held out above.')
    return {'by_corpus': table, 'note': note if table else ''}
