"""Installs libraries that compare bits (PyPI) into a folder of its own and measures them in turns with sanmon-vein-bench.

    python3 vein.py FOLDER PROGRAM [--json] [--rounds N]

PROGRAM is the built sanmon-vein-bench; it makes the same galleries from the same formula and answers by a line protocol. One
thread everywhere. No library has a masked Hamming distance, so NumKong's products and Hamming distances of bits stand in for it,
without the search for the least fraction, which ours does. Plain: NumKong and simsimd write all distances, faiss and usearch
find the nearest for each shift. All answers are checked against ours before anything is timed.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

PACKAGES = ["numpy", "numkong", "simsimd", "faiss-cpu", "usearch"]
# bits, templates, shifts
ROWS = [
    (2048, 1000, 81), (2048, 10_000, 81), (4096, 1000, 15), (4096, 1000, 81), (4096, 10_000, 81), (4096, 100_000, 15),
    (8192, 1000, 81), (8192, 10_000, 81), (8192, 100_000, 15),
]
# Printed, and judged by no goal: with one shift nothing is kept in registers.
ONE_SHIFT = [(4096, 1000, 1), (4096, 100_000, 1)]
TRIALS = 3


def main(folder, program, as_json, rounds):
    folder.mkdir(parents=True, exist_ok=True)
    python = install(folder)
    if pathlib.Path(sys.prefix) != folder / "venv":
        # The libraries live in the folder's own environment.
        os.execv(python, [str(python), __file__, *sys.argv[1:]])
    rates = {}
    with Ours(program) as ours:
        say("ours:", ours.ask("path"))
        for shape in ROWS + ONE_SHIFT:
            for kind in ("masked", "plain"):
                rates[kind, *shape] = measure(ours, kind, *shape, rounds)
    report(rates, as_json, rounds)


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def install(folder):
    venv = folder / "venv"
    python = venv / "bin" / "python3"
    if not (venv / "complete").exists():
        say("installing", *PACKAGES)
        run = lambda *command: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        run(sys.executable, "-m", "venv", venv)
        run(venv / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES)
        (venv / "complete").touch()
    return python


class Ours:
    def __init__(self, program):
        self.process = subprocess.Popen([program, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def prepare(self, kind, bits, count, shifts):
        if self.ask(f"row {kind} {bits} {count} {shifts}") != "ok":
            raise SystemExit("sanmon-vein-bench does not know this row")

    def go(self, trials):
        seconds, distance, overlap = self.ask(f"go {trials}").split()
        return float(seconds), int(distance), int(overlap)


def words(count, is_probe, plane):
    """SplitMix64 at each position, as VeinRow.swift has it."""
    import numpy

    position = numpy.arange(count, dtype=numpy.uint64) + numpy.uint64((8 << 40) * is_probe)

    def mixed(offset):
        z = (position + numpy.uint64(offset + 1)) * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        return z ^ (z >> numpy.uint64(31))

    return mixed(0) if plane == "code" else mixed(1 << 44) | mixed(2 << 44)


def bytes_of(rows, columns, is_probe, plane):
    import numpy

    return numpy.ascontiguousarray(words(rows * columns, is_probe, plane).reshape(rows, columns)).view(numpy.uint8)


def measure(ours, kind, bits, count, shifts, rounds):
    """Millions of comparisons a second of ours and of each peer, the quickest of all rounds."""
    say(kind, bits, count, shifts)
    ours.prepare(kind, bits, count, shifts)
    _, distance, overlap = ours.go(1)
    sides = [
        {plane: bytes_of(rows, bits // 64, is_probe, plane) for plane in ("code", "mask")}
        for rows, is_probe in ((shifts, True), (count, False))
    ]
    peers = (masked_peers if kind == "masked" else plain_peers)(*sides, (distance, overlap))
    best = {"ours": float("inf"), **{name: float("inf") for name in peers}}
    for _ in range(rounds):
        best["ours"] = min(best["ours"], ours.go(TRIALS)[0])
        for name, work in peers.items():
            for _ in range(TRIALS):
                start = time.perf_counter()
                work()
                best[name] = min(best[name], time.perf_counter() - start)
    return {name: count * shifts / seconds / 1e6 for name, seconds in best.items()}


def check(name, distances, overlaps, expected):
    """Sums over the gallery of the least fraction's distance and overlap; of equal ones the first shift."""
    import numpy

    distances = numpy.asarray(distances, dtype=numpy.int64)
    overlaps = numpy.broadcast_to(numpy.asarray(overlaps, dtype=numpy.int64), distances.shape)
    at = (distances / overlaps).argmin(axis=0)
    columns = numpy.arange(distances.shape[1])
    if (int(distances[at, columns].sum()), int(overlaps[at, columns].sum())) != expected:
        raise SystemExit(f"{name} and ours do not agree")


def masked_peers(probe, gallery, expected):
    import numkong
    import numpy

    def signed(side):
        return side["code"] & side["mask"], ~side["code"] & side["mask"]

    def sums(array):
        return numpy.bitwise_count(array.view(numpy.uint64)).sum(axis=1, dtype=numpy.int64)

    (plus, minus), (other_plus, other_minus) = signed(probe), signed(gallery)
    same = numpy.ascontiguousarray(numpy.hstack([plus, minus]))
    crossed = numpy.ascontiguousarray(numpy.hstack([other_minus, other_plus]))
    other = numpy.ascontiguousarray(numpy.hstack([other_plus, other_minus]))
    shape = (len(plus), len(other_plus))
    first, second = numkong.zeros(shape, dtype="uint32"), numkong.zeros(shape, dtype="uint32")
    peers = {}

    # Products: what differs is plus · minus' + minus · plus', what both know is mask · mask'.
    right, right_mask = numkong.dots_pack(crossed, dtype="uint1"), numkong.dots_pack(gallery["mask"], dtype="uint1")

    def products():
        numkong.dots_packed(same, right, out=first)
        numkong.dots_packed(probe["mask"], right_mask, out=second)

    products()
    check("NumKong products", first, second, expected)
    peers["NumKong products"] = products

    # Hamming distances of (plus, minus) and of the masks, from which the same two numbers follow.
    pairs, masks = numkong.hammings_pack(other, dtype="uint1"), numkong.hammings_pack(gallery["mask"], dtype="uint1")

    def hammings():
        numkong.hammings_packed(same, pairs, out=first)
        numkong.hammings_packed(probe["mask"], masks, out=second)

    hammings()
    known = sums(probe["mask"])[:, None] + sums(gallery["mask"])[None]
    overlaps = (known - numpy.asarray(second, dtype=numpy.int64)) // 2
    check("NumKong hammings", overlaps - (known - numpy.asarray(first, dtype=numpy.int64)) // 2, overlaps, expected)
    peers["NumKong hammings"] = hammings
    return peers


def plain_peers(probe, gallery, expected):
    import faiss
    import numkong
    import numpy
    import simsimd
    import usearch.index

    probe, gallery = probe["code"], gallery["code"]
    bits = probe.shape[1] * 8
    shape = (len(probe), len(gallery))
    peers = {}

    packed, out = numkong.hammings_pack(gallery, dtype="uint1"), numkong.zeros(shape, dtype="uint32")
    peers["NumKong"] = lambda: numkong.hammings_packed(probe, packed, out=out)
    peers["NumKong"]()
    check("NumKong", out, bits, expected)
    least = numpy.asarray(out, dtype=numpy.int64).min(axis=1)

    peers["simsimd"] = lambda: simsimd.cdist(probe, gallery, "hamming", dtype="bin8")
    check("simsimd", numpy.asarray(peers["simsimd"]()), bits, expected)

    faiss.omp_set_num_threads(1)
    index = faiss.IndexBinaryFlat(bits)
    index.add(gallery)
    peers["faiss"] = lambda: index.search(probe, 1)
    if (peers["faiss"]()[0][:, 0] != least).any():
        raise SystemExit("faiss and ours do not agree")

    exact = lambda: usearch.index.search(gallery, probe, 1, usearch.index.MetricKind.Hamming, exact=True, threads=1)
    if (numpy.asarray(exact().distances).reshape(-1).astype(numpy.int64) == least).all():
        peers["usearch"] = exact
    else:
        say("usearch answers something else: left out")

    if shape[0] * shape[1] <= 100_000:
        wide, wide_gallery = probe.view(numpy.uint64), gallery.view(numpy.uint64)
        peers["numpy"] = lambda: [numpy.bitwise_count(wide_gallery ^ row).sum(axis=1) for row in wide]
    return peers


def report(rates, as_json, rounds):
    def of(kind, shape, *names):
        found = rates[kind, *shape]
        return found["ours"] / max(found[name] for name in names)

    for (kind, *shape), found in rates.items():
        name = ".".join(map(str, ("vein.peer", kind, *shape)))
        for who, rate in found.items():
            show(as_json, name=name, value=rate, unit="M/s", peer=who, runs=rounds, ratio=found["ours"] / rate)
    masked = [of("masked", shape, "NumKong products", "NumKong hammings") for shape in ROWS]
    plain = [of("plain", shape, "NumKong") for shape in ROWS]
    flat = [of("plain", shape, "faiss", "simsimd") for shape in ROWS]
    faiss = [of("plain", shape, "faiss") for shape in ROWS]
    note = f"worst of {len(ROWS)} rows, quickest of {rounds} rounds in turns"
    for name, ratios, goal, peer in [
        ("vein.vs_masked_peer", masked, 2.0, "NumKong, the better of products and hammings"),
        ("vein.vs_numkong_plain", plain, 1.5, "NumKong"),
        ("vein.vs_faiss", faiss, 3.0, "faiss IndexBinaryFlat"),
        ("vein.vs_faiss_simsimd", flat, 3.0, "the better of faiss and simsimd"),
    ]:
        show(
            as_json, name=name, value=min(ratios), unit="×", goal=goal, atLeast=True, met=min(ratios) >= goal, peer=peer,
            runs=rounds, spread=[min(ratios), max(ratios)], note=note,
        )


def show(as_json, **figure):
    figure.setdefault("spread", [figure["value"]] * 2)
    figure["load"] = round(os.getloadavg()[0], 2)
    if as_json:
        print(json.dumps(figure, sort_keys=True, ensure_ascii=False), flush=True)
    else:
        goal = f"  {'✓' if figure['met'] else '✗'} ≥ {figure['goal']}" if "goal" in figure else ""
        beside = f"  ours {figure['ratio']:.2f}×" if "ratio" in figure else ""
        print(f"{figure['name']:36} {figure['value']:9.2f} {figure['unit']}  {figure['peer']}{goal}{beside}", flush=True)


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    rounds = 5
    if "--rounds" in sys.argv:
        rounds = int(arguments.pop(arguments.index(sys.argv[sys.argv.index("--rounds") + 1])))
    if len(arguments) != 2:
        raise SystemExit(__doc__)
    main(pathlib.Path(arguments[0]).absolute(), str(pathlib.Path(arguments[1]).absolute()), "--json" in sys.argv, rounds)
