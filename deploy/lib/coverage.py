"""Figures for each file out of llvm-cov's export, and every region that no test entered and no reason excuses."""

import json
import os
import sys


def accepted(path):
    """(file, stripped line) to reason: a line keeps its excuse when it moves, and loses it when it changes."""
    found = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("#") and line.strip():
                file, text, reason = line.rstrip("\n").split("\t")
                found[(file, text)] = reason
    return found


def main():
    report, root, excuses, show_lines = sys.argv[1], os.path.realpath(sys.argv[2]), accepted(sys.argv[3]), sys.argv[4] == "1"
    with open(report, encoding="utf-8") as text:
        data = json.load(text)["data"][0]
    # One source region may be compiled several times (generics, closures): entered once is entered. Kind 0 is code.
    regions = {}
    for function in data["functions"]:
        for line, column, end_line, end_column, count, file, _, kind in function["regions"]:
            if kind == 0:
                key = (function["filenames"][file], line, column, end_line, end_column)
                regions[key] = max(count, regions.get(key, 0))
    missing, used = [], set()
    print(f"{'file':62} {'lines':>12} {'regions':>12}")
    total = [0, 0]
    for entry in sorted(data["files"], key=lambda entry: entry["filename"]):
        path = entry["filename"]
        name = os.path.relpath(os.path.realpath(path), root)
        with open(path, encoding="utf-8") as text:
            source = text.read().split("\n")
        own = {key: count for key, count in regions.items() if key[0] == path}
        entered = 0
        for key, count in sorted(own.items()):
            text = source[key[1] - 1].strip()
            if count > 0:
                entered += 1
            elif (name, text) in excuses:
                used.add((name, text))
                entered += 1
            else:
                missing.append((name, key[1], key[2], text))
        total[0] += entered
        total[1] += len(own)
        summary = entry["summary"]["lines"]
        print(f"{name:62} {summary['covered']:>5}/{summary['count']:<6} {entered:>5}/{len(own):<6}")
    print(f"{'':62} {'':12} {total[0]:>5}/{total[1]:<6}")
    for key in sorted(used):
        print(f"not reached, with reason: {key[0]}: {key[1]}\n    {excuses[key]}")
    stale = [key for key in excuses if key not in used]
    for key in stale:
        print(f"a reason without its line: {key[0]}: {key[1]}")
    print(f"{len(missing)} regions are entered by no test")
    for name, line, column, text in missing if show_lines or len(missing) < 60 else missing[:20]:
        print(f"   {name}:{line}:{column}: {text}")
    return 1 if missing or stale else 0


sys.exit(main())
