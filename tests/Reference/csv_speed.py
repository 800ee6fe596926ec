#!/usr/bin/env python3
"""Reading a csv of a million rows and ten columns: the agent beside pandas, whole processes in turns on one core.

    python3 tests/Reference/csv_speed.py AGENT [ROUNDS]      AGENT is edgelearn-device; needs python3-pandas

The agent's `data` reads text, types, classes and statistics and writes its cache; `pandas.read_csv` reads the text alone. Prints processor
seconds, MB/s, and the peak memory above that of the same program with a table of a hundred rows.
"""
import os
import shutil
import statistics
import sys
import tempfile

PANDAS = "import sys, pandas; table = pandas.read_csv(sys.argv[1]); print(len(table))"


def write(path, rows):
    state = 1
    with open(path, "w") as file:
        file.write(",".join(f"sensor{i}" for i in range(9)) + ",state\n")
        for row in range(rows):
            cells = []
            for _ in range(9):
                state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
                cells.append(f"{(state >> 33) / (1 << 31) * 20 - 10:.6f}")
            file.write(",".join(cells) + "," + ("cold", "warm", "hot")[row % 3] + "\n")


def run(command):
    """Processor seconds and peak kB of a process on one core."""
    child = os.fork()
    if child == 0:
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[0]})
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def main():
    agent, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as folder:
        large, small, cache = f"{folder}/large.csv", f"{folder}/small.csv", f"{folder}/cache"
        write(large, 1_000_000)
        write(small, 100)
        os.environ["XDG_CACHE_HOME"] = cache
        megabytes = os.path.getsize(large) / 1e6
        programs = {"edgelearn-device data": lambda path: [agent, "data", "--data", path],
                    "pandas.read_csv": lambda path: [sys.executable, "-c", PANDAS, path]}
        seconds, peaks = {name: [] for name in programs}, {name: [] for name in programs}
        for _ in range(rounds):
            for name, command in programs.items():
                shutil.rmtree(cache, ignore_errors=True)
                idle = run(command(small))
                shutil.rmtree(cache, ignore_errors=True)
                whole = run(command(large))
                seconds[name].append(whole[0] - idle[0])
                peaks[name].append((whole[1] - idle[1]) / 1e3)
        print(f"{megabytes:.1f} MB, 1,000,000 rows of 10 columns, {rounds} rounds in turns on one core, least and median")
        for name in programs:
            least, median = min(seconds[name]), statistics.median(seconds[name])
            print(f"{name:24} {least:6.2f} {median:6.2f} s  {megabytes / least:6.0f} {megabytes / median:6.0f} MB/s  "
                  f"peak +{max(peaks[name]):.0f} MB")


main()
