"""Every entry of the registry: what it says, and that its parser reads the published naming."""

from pathlib import Path

import pandas as pd
import pytest

from physioser_ros.corpora import check, corpus_names, CorpusError, get_corpus, parse
from physioser_ros.corpora.check import expand, expected_names
from physioser_ros.corpora.index import SHARED_LABELS
from physioser_ros.corpora.overview import markdown
from physioser_ros.corpora.registry import read_entry

ROOT = Path(__file__).resolve().parents[2]

PAPER = ('cremad', 'emns', 'jlcorpus', 'emovdb', 'ravdess', 'resd', 'nemo', 'aesdd',
         'emozionalmente', 'oreau', 'mesd', 'subesco', 'pavoque', 'cafe')
FURTHER = ('emodb', 'indowave', 'savee', 'tess', 'emovo', 'urdu', 'turevdb', 'ased', 'shemo',
           'esd', 'iemocap', 'msppodcast')

#: Files that lie about in such folders and must never become rows.
DISTRACTORS = ('README.txt', '.hidden/notes.md', 'extra/._03a01Wa.wav', 'extra/unrelated.wav')


def published_tree(folder, corpus):
    """Write the examples of a corpus, its tables and a few other files below `folder`."""
    paths = [example['path'] for example in corpus.examples]
    for path in [*paths, *corpus.unlabelled, *DISTRACTORS]:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()
    for path, text in corpus.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding='utf-8')
    return folder


def test_all_26_corpora_are_registered():
    assert set(corpus_names()) == {*PAPER, *FURTHER}
    assert len(corpus_names()) == 26


@pytest.mark.parametrize('name', corpus_names())
def test_the_published_naming_parses_to_the_rows_of_the_registry(name, tmp_path):
    corpus = get_corpus(name)
    parsed = parse(corpus, published_tree(tmp_path, corpus))
    assert parsed.unknown == ('extra/unrelated.wav',)
    assert sorted(parsed.unlabelled) == sorted(corpus.unlabelled)
    assert parsed.repeated == parsed.absent == ()
    rows = parsed.rows.set_index('path')
    assert sorted(rows.index) == sorted(example['path'] for example in corpus.examples)
    for example in corpus.examples:
        row = rows.loc[example['path']]
        assert row['speaker_id'] == f'{name}_{example["speaker"]}'
        assert row['corpus'] == name
        for column in set(example) - {'path', 'speaker'}:
            assert row[column] == example[column], column
    assert set(rows['emotion']) <= set(corpus.labels)
    assert set(rows['emotion_norm']) <= set(SHARED_LABELS)
    assert set(rows['licence_class']) == {corpus.licence_class}


@pytest.mark.parametrize('name', corpus_names())
def test_counts_of_classes_add_up_to_the_published_total(name):
    corpus = get_corpus(name)
    counts = [emotion.clips for emotion in corpus.emotions.values() if emotion]
    assert len(corpus.examples) >= 2
    if corpus.clips is None:
        assert 'clips' in corpus.unverified
    else:
        assert sum(counts) == corpus.clips


@pytest.mark.parametrize('name', [name for name in corpus_names() if get_corpus(name).names])
def test_names_of_a_complete_design_agree_with_the_counts(name):
    corpus = get_corpus(name)
    facts = [corpus.match(f'{item}.wav') for item in expected_names(corpus)]
    counts = pd.Series([corpus.emotions[fact['emotion'].lower()].label for fact in facts])
    published = {emotion.label: emotion.clips for emotion in corpus.emotions.values()}
    assert counts.value_counts().to_dict() == published
    assert len({corpus.speaker.format(**fact) for fact in facts}) == corpus.speakers


def test_a_corpus_is_permissive_exactly_where_it_may_be_used_commercially():
    for corpus in map(get_corpus, corpus_names()):
        assert (corpus.licence_class == 'permissive') == (corpus.commercial == 'yes')
        if 'NC' in corpus.licence or 'research' in corpus.licence:
            assert corpus.licence_class == 'nc', corpus.name


def test_check_names_what_is_missing_and_extra(tmp_path):
    corpus = get_corpus('indowave')
    names = expected_names(corpus)
    for name in names[1:]:
        (tmp_path / f'{name}.wav').touch()
    (tmp_path / 'copy').mkdir()
    (tmp_path / 'copy' / f'{names[5]}.flac').touch()
    (tmp_path / 'song.wav').touch()
    report = check(corpus, tmp_path)
    assert not report.complete
    assert report.missing == (names[0],)
    assert report.counts == {'neutral': (59, 60)}
    assert report.speakers is None
    assert report.parsed.unknown == ('song.wav',)
    assert len(report.parsed.repeated) == 1
    text = '\n'.join(report.lines())
    assert names[0] in text and 'song.wav' in text and 'Not as published.' in text

    for path in (tmp_path / 'song.wav', tmp_path / 'copy' / f'{names[5]}.flac'):
        path.unlink()
    (tmp_path / f'{names[0]}.wav').touch()
    assert check(corpus, tmp_path).complete


def test_check_counts_where_names_cannot_be_told(tmp_path):
    corpus = get_corpus('emodb')
    report = check(corpus, published_tree(tmp_path, corpus))
    assert report.counts['anger'] == (1, 127)
    assert report.speakers == (2, 10)
    assert report.missing == ()


def test_check_names_what_a_table_lists_and_nobody_has(tmp_path):
    corpus = get_corpus('emns')
    published_tree(tmp_path, corpus)
    assert check(corpus, tmp_path).missing == ()
    (tmp_path / 'cleaned_webm' / 'recorded_audio.wav').unlink()
    report = check(corpus, tmp_path)
    assert report.missing == ('recorded_audio',)
    assert 'missing (1): recorded_audio.' in report.lines()


def test_songs_and_second_formats_are_not_counted(tmp_path):
    for path in ('Actor_01/03-02-05-01-01-01-01.wav', 'Actor_01/03-01-03-02-01-01-01.wav'):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    parsed = parse(get_corpus('ravdess'), tmp_path)
    assert list(parsed.rows['path']) == ['Actor_01/03-01-03-02-01-01-01.wav']
    assert parsed.unknown == ()


def test_an_absent_table_of_labels_is_an_error_that_names_it(tmp_path):
    (tmp_path / 'recorded_audio_RF6OuQ4.wav').touch()
    with pytest.raises(CorpusError, match='metadata.csv'):
        parse(get_corpus('emns'), tmp_path)
    with pytest.raises(CorpusError, match=r'pavoque-\*\.yaml'):
        parse(get_corpus('pavoque'), tmp_path)


def test_a_table_without_a_column_is_an_error_that_names_it(tmp_path):
    (tmp_path / 'metadata.csv').write_text('id|emotion\n1|Happy\n', encoding='utf-8')
    with pytest.raises(CorpusError, match="no column 'audio_recording'"):
        parse(get_corpus('emns'), tmp_path)


def test_unknown_corpora_and_folders_are_refused(tmp_path):
    with pytest.raises(CorpusError, match='emodb'):
        get_corpus('no_such_corpus')
    with pytest.raises(FileNotFoundError, match='EmoDB'):
        parse(get_corpus('emodb'), tmp_path / 'nowhere')


@pytest.mark.parametrize('old, new, message', [
    ('licence_class: permissive', 'licence_class: free', "licence_class is 'free'"),
    ("commercial: 'yes'", "commercial: 'no'", 'does not go with'),
    ('[anger, angry, 127]', '[anger, rage, 127]', "maps to 'rage'"),
    ('clips: 535', 'clip: 535', "unknown key 'clip'"),
    ('clips: 535\n', '', 'clips'),
    ("pattern: '(", "pattern: '((", 'pattern'),
])
def test_a_fault_in_an_entry_is_named(old, new, message, tmp_path):
    text = (ROOT / 'physioser_ros/corpora/registry/emodb.yaml').read_text(encoding='utf-8')
    assert old in text
    path = tmp_path / 'broken.yaml'
    path.write_text(text.replace(old, new), encoding='utf-8')
    with pytest.raises(CorpusError, match=message):
        read_entry(path)


@pytest.mark.parametrize('template, names', [
    ('plain', ['plain']),
    ('{a,b}_{1..2}', ['a_1', 'a_2', 'b_1', 'b_2']),
    ('x{08..10}', ['x08', 'x09', 'x10']),
])
def test_braces_expand_as_in_a_shell(template, names):
    assert expand(template) == names


def test_the_table_in_the_documentation_is_the_registry():
    text = (ROOT / 'docs/corpora.md').read_text(encoding='utf-8')
    assert text.partition('<!-- generated -->\n')[2] == '\n' + markdown(), (
        'replace what stands below the mark by the output of `physioser corpora list --markdown`')
