#!/bin/sh
# Pins every dependency for every supported Python; `make lock` runs it.
set -eu
bin=$1
"$bin/python" -m pip install --quiet uv
pin() {
    "$bin/uv" pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header --no-emit-index-url \
        --no-emit-find-links pyproject.toml "$@"
}
{ echo "# What edgeproof needs to run, pinned by \`make lock\`."; pin; } >requirements/runtime.txt.new
mv requirements/runtime.txt.new requirements/runtime.txt
{ echo "# What work on edgeproof needs besides, pinned by \`make lock\`."; pin --extra png --extra postgres --extra search --group dev -c requirements/runtime.txt; } >requirements/dev.txt.new
mv requirements/dev.txt.new requirements/dev.txt
{ echo "# The peers that \`make bench\` measures, pinned by \`make lock\`."; pin --extra bench -c requirements/dev.txt; } >requirements/bench.txt.new
mv requirements/bench.txt.new requirements/bench.txt
