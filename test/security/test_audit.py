"""The packages of the wheels environment are pinned with hashes."""

import sys

from places import ROOT

sys.path.append(str(ROOT / 'tools'))

import audit  # noqa: E402,I100


def test_every_package_of_the_run_time_is_pinned_with_a_hash():
    assert audit.unhashed((ROOT / 'requirements' / 'run.txt').read_text(encoding='utf-8')) == []


def test_a_pin_without_a_hash_is_seen():
    assert audit.unhashed('a==1 \\\n    --hash=sha256:00\nb==2\nc>=3 --hash=sha256:00\n') == [
        'b==2', 'c>=3']
