#!/usr/bin/env bash
# Writes studio/healthy.log and studio/storm.log.gz beside this script: what the studio really logs in two seconds under
# load, in its healthy release and in the one whose resizes block the render thread. Needs cargo and git.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$here/../.." && cargo run --quiet --release --example closed_loop -- --history-only --dir "$work")
mkdir -p "$here/studio"
rm -f "$here"/studio/*
run() { # REVISION LOG
    git -C "$work/work" checkout --quiet --detach "$1"
    (cd "$work/work" && CARGO_TARGET_DIR=target cargo build --quiet --release)
    "$work/work/target/release/studio" --port 18082 --log "$2" >/dev/null &
    service=$!
    sleep 1
    "$work/work/target/release/studio-load" --port 18082 --seed 1 --seconds 2 >/dev/null
    kill "$service"
    wait "$service" 2>/dev/null || true
}
run v1.0.0 "$here/studio/healthy.log"
run v1.1.0 "$work/storm.log"
gzip -n9c "$work/storm.log" >"$here/studio/storm.log.gz"
