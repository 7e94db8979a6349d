"""Read every recording of a corpus once and write the index that training uses."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pandas as pd

from physioser_ros.corpora.index import check_index, CorpusIndexError, REQUIRED_COLUMNS
from physioser_ros.corpora.parse import COLUMNS
from physioser_ros.corpora.registry import CorpusError

#: Columns of the index in their order in the file.
INDEX_COLUMNS = ('path', 'corpus', 'language', 'speaker_id', 'emotion', 'emotion_norm',
                 'duration_s', 'licence', 'licence_class', 'sr_orig', 'rms_db', 'peak',
                 'sha1_pcm', 'sex', 'prompt', 'text')

#: Columns that are measured.
MEASURED = ('duration_s', 'sr_orig', 'rms_db', 'peak', 'sha1_pcm')

#: Level given to digital silence, whose logarithm does not exist.
FLOOR_DB = -100.0


def measure(path, start_s=0.0, end_s=None):
    """
    Read a recording, or a part of it, and describe it.

    :param path: audio file that libsndfile reads
    :param start_s: first second of the part
    :param end_s: second after its last, None for the end of the file
    :return: (samples, dict): int16, shape `(samples,)`, mono (mean of the channels) at the file's
        own rate; and duration_s, sr_orig in Hz, rms_db re full scale, peak in [0, 1], sha1_pcm of
        the samples
    :raises CorpusError: if the file cannot be read
    """
    import soundfile

    try:
        with soundfile.SoundFile(path) as audio:
            rate = audio.samplerate
            first = round(start_s * rate)
            last = len(audio) if end_s is None else round(end_s * rate)
            audio.seek(min(first, len(audio)))
            frames = audio.read(max(last - first, 0), dtype='int16', always_2d=True)
    # What soundfile raises; the release of Ubuntu 22.04 has no name of its own for it.
    except RuntimeError as error:
        raise CorpusError(f'{path} cannot be read ({error}); convert it to WAV or '
                          'FLAC') from None
    samples = frames[:, 0] if frames.shape[1] == 1 else np.rint(frames.mean(1)).astype(np.int16)
    waveform = samples / 32768
    rms = float(np.sqrt(np.mean(waveform ** 2))) if len(samples) else 0.0
    return samples, {
        'duration_s': round(len(samples) / rate, 3),
        'sr_orig': rate,
        'rms_db': round(20 * np.log10(rms), 1) if rms > 10 ** (FLOOR_DB / 20) else FLOOR_DB,
        'peak': round(float(np.abs(waveform).max()), 3) if len(samples) else 0.0,
        'sha1_pcm': hashlib.sha1(np.ascontiguousarray(samples).tobytes()).hexdigest(),
    }


def write_index(rows, folder, output, *, each=iter):
    """
    Measure the recordings of one corpus and write them to an index.

    Rows of other corpora that the index holds stay. Parts of long recordings are cut into FLAC
    files in the folder `clips/` beside the index, because an index names whole files.

    :param rows: pandas DataFrame, `Parsed.rows`
    :param folder: the corpus's folder, to which the rows' paths are relative
    :param output: the index to write; its paths are relative to its own folder
    :param each: wrapper of the iteration, for a progress bar
    :return: (index, left_out): pandas DataFrame of this corpus's rows as written, and dict of
        path to the reason why a recording was left out (empty, or the same sound as another)
    :raises CorpusError: if there is no row or a file cannot be read
    """
    folder, output = Path(folder), Path(output)
    if not len(rows):
        raise CorpusError(f'nothing to index: no recording of this corpus below {folder}')
    written, left_out, seen = [], {}, {}
    for row in each(rows.to_dict('records')):
        samples, facts = measure(folder / row['path'], row.get('start_s', 0.0), row.get('end_s'))
        name = f'{row["path"]} ({row["prompt"]})' if 'start_s' in row else row['path']
        if not len(samples):
            left_out[name] = 'empty'
        elif facts['sha1_pcm'] in seen:
            left_out[name] = f'same sound as {seen[facts["sha1_pcm"]]}'
        else:
            seen[facts['sha1_pcm']] = name
            path = _cut(row, samples, facts['sr_orig'], output) if 'start_s' in row else (
                folder / row['path'])
            relative = os.path.relpath(path, output.parent).replace(os.sep, '/')
            written.append({**{name: row[name] for name in COLUMNS}, **facts, 'path': relative})
    index = pd.DataFrame(written, columns=list(INDEX_COLUMNS))
    check_index(index, source=f'the index of {folder}')
    _merge(index, output).to_csv(output, index=False)
    return index, left_out


def complete_index(path, *, each=iter):
    """
    Measure the recordings of an index that was written by hand, where it does not say it itself.

    :param path: the index, written anew in place; its paths are relative to its own folder
    :param each: wrapper of the iteration, for a progress bar
    :return: number of recordings that were measured
    :raises FileNotFoundError: if there is no such file
    :raises CorpusError: if a recording cannot be read
    :raises CorpusIndexError: if the index is not complete then; it stays as it was
    """
    path = Path(path)
    index = pd.read_csv(path, dtype=str, keep_default_na=False)
    lacking = [name for name in REQUIRED_COLUMNS
               if name not in MEASURED and name not in index.columns]
    if lacking:
        raise CorpusIndexError(f'{path} lacks the columns {", ".join(lacking)}')
    index = index.reindex(columns=[*index.columns, *(name for name in MEASURED
                                                     if name not in index.columns)])
    index[list(MEASURED)] = index[list(MEASURED)].fillna('')
    unknown = index.index[(index['duration_s'] == '') | (index['sha1_pcm'] == '')]
    for number in each(list(unknown)):
        _, facts = measure(path.parent / index.at[number, 'path'])
        for name in MEASURED:
            index.at[number, name] = str(facts[name])
    check_index(index.mask(index == ''), source=str(path))
    draft = path.with_suffix('.part')
    index.to_csv(draft, index=False)
    draft.replace(path)
    return len(unknown)


def _cut(row, samples, rate, output):
    """Write one part of a long recording and return its path."""
    import soundfile

    start_ms = round(1000 * row['start_s'])
    name = f'{Path(row["path"]).stem}_{start_ms:08d}.flac'
    path = output.parent / 'clips' / row['corpus'] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate)
    return path


def _merge(index, output):
    """Return `index` below the rows of other corpora in the file `output`, if there is one."""
    if not output.is_file():
        output.parent.mkdir(parents=True, exist_ok=True)
        return index
    old = pd.read_csv(output, dtype=str, keep_default_na=False)
    if 'corpus' not in old.columns:
        raise CorpusError(f'{output} is not an index: it has no column corpus; choose another '
                          'file')
    return pd.concat([old[~old['corpus'].isin(set(index['corpus']))], index], ignore_index=True)
