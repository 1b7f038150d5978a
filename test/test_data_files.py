"""The files in test/data are what test/data/README.md says."""

import json
import subprocess
import sys

import extension

DATA = extension.ROOT / "test" / "data"


def test_protobuf_files_are_up_to_date() -> None:
    """The .binpb files are what the official classes make of the .jsonl files."""
    script = extension.ROOT / "scripts" / "generate_test_protos.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_malformed_lines() -> None:
    """Lines 2, 4 and 6 of malformed.jsonl are no JSON, the others are."""
    bad = set()
    lines = (DATA / "malformed.jsonl").read_text("utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        try:
            json.loads(line)
        except ValueError:
            bad.add(number)
    assert (bad, len(lines)) == ({2, 4, 6}, 6)
