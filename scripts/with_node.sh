#!/usr/bin/env bash
# with_node.sh VENV COMMAND…: runs a command that needs Node.js, with that of the machine, or one from PyPI where it
# has none of version 20 or later.
set -euo pipefail
venv=$(cd "$1" && pwd)
shift
here=$(cd "$(dirname "$0")/.." && pwd)
if ! { command -v npm && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'; } >/dev/null 2>&1; then
	"$venv/bin/pip" install --quiet --requirement "$here/crates/viewer/page/requirements.txt"
	export PATH="$venv/bin:$PATH"
fi
exec "$@"
