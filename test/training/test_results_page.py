"""The page of results says what the runs that are kept beside it say."""

from pathlib import Path
import tarfile

from physioser_ros.training.evaluation import gather
from physioser_ros.training.tables import detailed

DOCS = Path(__file__).parents[2] / 'docs'
HEADLINE = 'joint_speaker-fold'


def test_the_headline_follows_from_the_runs_that_are_kept(tmp_path):
    with tarfile.open(DOCS / 'results' / 'runs.tar.xz') as archive:
        for member in archive:
            if member.name.startswith(HEADLINE):
                archive.extract(member, tmp_path, filter='data')
    model, = gather(sorted(tmp_path.iterdir()))
    assert (model.folds, model.seeds) == ((0, 1, 2, 3, 4), (0, 1, 2, 3, 4))
    rows = [line for line in detailed([model]) if line.startswith('| joint_speaker |')]
    page = (DOCS / 'results.md').read_text().splitlines()
    assert len(rows) == 5 and set(rows) <= set(page)
