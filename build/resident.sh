#!/usr/bin/env bash
# Where the memory of a process goes: runs a program, looks at its mappings until it ends, and prints a table of them at their largest.
#   build/resident.sh PROGRAM [ARGUMENT]...      for example: build/resident.sh edgelearn-device train --data mnist --steps 2000
# Anonymous pages are the process's own; clean pages of files can be dropped by the system and read again.
set -euo pipefail
export LC_ALL=C

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$@" >"$folder/output" 2>&1 &
process=$!
largest=0
# The mappings of a process that has ended are empty.
while cp "/proc/$process/smaps" "$folder/now" 2>/dev/null && [[ -s $folder/now ]]; do
  resident=$(awk '/^Rss:/ { sum += $2 } END { print sum + 0 }' "$folder/now")
  if ((resident > largest)); then
    largest=$resident
    mv "$folder/now" "$folder/largest"
  fi
done
wait "$process" || { cat "$folder/output" >&2; exit 1; }

# One line a kind of mapping.
awk -v program="$(basename "$(readlink -f "$(command -v "$1")")")" '
  /^[0-9a-f]+-[0-9a-f]+ / {
    file = $6
    sub(/.*\//, "", file)
    if (file == "") kind = "memory: collected heap, planned blocks, threads"
    else if (file == "[heap]") kind = "memory of the C library"
    else if (file ~ /^\[/) kind = "stack of the first thread, kernel"
    else kind = (file == program ? "program" : "libraries") ($2 ~ /x/ ? ": code" : $2 ~ /w/ ? ": data" : ": constants")
  }
  /^Rss:/ { resident[kind] += $2; resident["all"] += $2 }
  /^Anonymous:/ { own[kind] += $2; own["all"] += $2 }
  END { for (kind in resident) printf "| %s | %d | %d |\n", kind, resident[kind], own[kind] }' "$folder/largest" |
  sort -t '|' -k 3,3nr | { printf '| mapping | resident, kB | of it anonymous, kB |\n|---|---:|---:|\n'; cat; }
grep -E '^memory planned' "$folder/output" || true
