"""Makes the tables of what `run` measured and writes them between the marks of README; with - they are only printed.

    python table.py MEASURED.jsonl README.md DATE COMMIT COMMAND LOAD_BEFORE LOAD_LATELY

It fails, and writes nothing, where two solvers contradict each other on a file or where something is missing.
"""

import json
import math
import re
import statistics
import sys

BEGIN, END = "<!-- optimiser: begin -->", "<!-- optimiser: end -->"

OURS = DEFAULT, HIGHS = "aiguilleur", "aiguilleur, highs"
FLOW = "mcf"
PEERS = {
    "fcfs": "first come, first served",
    "lsa": "scipy assignment",
    "lp": "HiGHS LP",
    "mip": "HiGHS MIP",
    "cpsat": "CP-SAT",
}
SLOW = ("lp", "mip", "cpsat")

# Kinds of instances in the order of the tables, with the aim of each: what it says, and whether it is met by both builds'
# figures (share proved, p50 and p99 over the flow's, greatest gap).
KINDS = {
    "u-120x800-plain": ("120 × 800, no groups", None),
    "u-120x800-laminar": ("120 × 800, nested", None),
    "u-120x800-crossing": ("120 × 800, crossing", None),
    "u-300x2000-plain": (
        "300 × 2 000, no groups",
        ("p99 ≤ 0.5, proved", lambda default, highs: default["p99"] <= 0.5 and default["proved"] == 1),
    ),
    "u-300x2000-laminar": (
        "300 × 2 000, nested",
        ("default: p99 ≤ 2, proved", lambda default, highs: default["p99"] <= 2 and default["proved"] == 1),
    ),
    "u-300x2000-crossing": (
        "300 × 2 000, crossing",
        ("`highs`: p99 ≤ 2.1, 95 % proved", lambda default, highs: highs["p99"] <= 2.1 and highs["proved"] >= 0.95),
    ),
    "u-500x3000-plain": ("500 × 3 000, no groups", None),
    "u-500x3000-laminar": ("500 × 3 000, nested", None),
    "u-500x3000-crossing": ("500 × 3 000, crossing", None),
    "u-500x500-plain": ("500 × 500, no groups", None),
    "u-500x500-laminar": ("500 × 500, nested", None),
    "u-500x500-crossing": ("500 × 500, crossing", None),
    "m-630x12": (
        "households 630 × 12, 1 s",
        ("default: proved", lambda default, highs: default["proved"] == 1),
    ),
    "m-2000x60": (
        "households 2 000 × 60, 1 s",
        ("`highs`: gap ≤ 0.1 %", lambda default, highs: highs["gap"] <= 0.001),
    ),
    "m-10000x200": (
        "households 10 000 × 200, 5 s",
        ("`highs`: gap ≤ 0.5 %", lambda default, highs: highs["gap"] <= 0.005),
    ),
    "m-20000x300": (
        "households 20 000 × 300, 30 s",
        ("`highs`: gap ≤ 0.5 %", lambda default, highs: highs["gap"] <= 0.005),
    ),
}
URGENT = ("u-300x2000-plain", "u-300x2000-laminar", "u-300x2000-crossing")
PANEL = ("m-630x12", "m-2000x60", "m-10000x200")
# All that is to be answered in time, up to 500 × 3 000.
IN_TIME = tuple(kind for kind in KINDS if kind.startswith("u-"))
# The smallest budget a gap is told for: within less there is seldom more than the first answer.
LEAST_FOR_A_GAP_MS = 10
# By how much an answer may be later than its budget.
LATE_AT_MOST_MS = 10


class Measured:
    """The lines of one run, by what was measured, kind of instance and solver: of each file what was found."""

    def __init__(self, path):
        self.of = {}
        with open(path, encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                # `u-300x2000-plain-3.json` is of the kind `u-300x2000-plain`.
                kind = re.sub(r"-\d+\.json$", "", row["file"])
                self.of.setdefault((row["what"], kind, row["solver"]), {})[row["file"]] = row["found"]

    def found(self, what, kind, solver):
        return self.of.get((what, kind, solver), {})

    def all(self, what, kind, solver, field):
        """A list of every file, put together."""
        return [value for found in self.found(what, kind, solver).values() for value in found[field]]

    def flow(self, kind, percent):
        return percentile(self.all("solve", kind, FLOW, "ms"), percent)

    def missing(self):
        wanted = [("solve", kind, solver) for kind in KINDS for solver in (*OURS, FLOW, "fcfs")]
        wanted += [("solve", URGENT[0], "lsa")]
        wanted += [("solve", kind, solver) for kind in URGENT + PANEL for solver in SLOW]
        wanted += [("within", kind, solver) for kind in IN_TIME + PANEL for solver in OURS]
        wanted += [("arrive", kind, solver) for kind in URGENT[:2] for solver in OURS]
        wanted += [("again", kind, solver) for kind in PANEL[:2] for solver in OURS]
        wanted += [("pair", kind, solver) for kind in URGENT for solver in OURS]
        for row in wanted:
            if row not in self.of:
                yield f"{row[1]}: {row[0]} by {row[2]} is missing"
        for kind in KINDS:
            for solver in OURS:
                others = self.found("solve", kind, FLOW).keys() ^ self.found("solve", kind, solver).keys()
                for file in others:
                    yield f"{file}: measured by only one of {solver} and {FLOW}"

    def contradictions(self):
        """Whoever proves that it costs at least so much, beside whoever found something cheaper."""
        least, most = {}, {}

        def say(file, solver, lower, upper):
            if lower is not None and (file not in least or lower > least[file][0]):
                least[file] = (lower, solver)
            if upper is not None and (file not in most or upper < most[file][0]):
                most[file] = (upper, solver)

        for (what, _, solver), files in self.of.items():
            for file, found in files.items():
                if what == "within":
                    for within in found:
                        say(file, solver, within["bound"], within["objective"])
                elif what == "again":
                    for way in (within[way] for within in found for way in ("again", "anew")):
                        say(file, solver, way["bound"], way["objective"])
                elif what == "solve":
                    lower = found["bound"] if solver in OURS else peers_bound(found)
                    say(file, solver, lower, found["objective"])
        for file, (lower, prover) in least.items():
            upper, finder = most.get(file, (math.inf, None))
            if lower > upper:
                yield f"{file}: {prover} proves at least {lower}, {finder} found {upper}"


def peers_bound(found):
    """What a peer proves, in whole points: those that count in floats do so to within seven digits."""
    if found["proved"]:
        return found["objective"]
    bound = found["bound"]
    if bound is None or math.isinf(bound):
        return None
    return math.ceil(bound - 1e-7 * max(1, abs(bound)))


def percentile(values, percent):
    """The smallest value that so many percent do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def short(value):
    """Two digits that count."""
    value = float(f"{value:.2g}")
    if value >= 10:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.1f}" if value >= 1 else f"{value:.5f}".rstrip("0").rstrip(".")


def share(value):
    """A gap, as a percentage."""
    if value is None or math.isinf(value):
        return "unknown"
    percent = value * 100
    if percent == 0:
        return "0"
    return "< 0.01 %" if percent < 0.01 else f"{short(percent)} %"


def both(of):
    """What is told of the two builds, in one cell."""
    return " / ".join(of(solver) for solver in OURS)


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" if line[0] != "---" else "|" + "---|" * len(line) for line in lines)


def figures(measured, kind, solver):
    times = measured.all("solve", kind, solver, "ms")
    gaps = [math.inf if gap is None else gap for gap in measured.all("solve", kind, solver, "gap")]
    proved = sum(found["proved"] for found in measured.found("solve", kind, solver).values())
    return {
        "solves": len(times),
        "solved": proved,
        "proved": proved / len(times),
        "p50": percentile(times, 50) / measured.flow(kind, 50),
        "p99": percentile(times, 99) / measured.flow(kind, 99),
        "gap": max(gaps),
    }


def beside_the_flow(measured):
    rows = []
    for kind, (name, aim) in KINDS.items():
        of = {solver: figures(measured, kind, solver) for solver in OURS}
        told = ""
        if aim:
            told = f"{aim[0]}: {'met' if aim[1](*of.values()) else '**missed**'}"
        rows.append(
            [
                name,
                told,
                f"{short(measured.flow(kind, 50))} ms",
                both(lambda solver: str(of[solver]["solved"])) + f" of {of[DEFAULT]['solves']}",
                both(lambda solver: short(of[solver]["p50"])),
                both(lambda solver: short(of[solver]["p99"])),
                both(lambda solver: share(of[solver]["gap"])),
            ]
        )
    head = ["problem", "aim", "flow, p50", "proved", "p50 ÷ flow's", "p99 ÷ flow's", "greatest gap"]
    return table(head, rows)


def of_peer(measured, kind, peer):
    """A peer's time over ours and its objective above ours: middles of the files it was given."""
    found = measured.found("solve", kind, peer)
    if not found:
        return "–"
    ours = measured.found("solve", kind, HIGHS)
    ratio = statistics.median(
        statistics.median(row["ms"]) / statistics.median(ours[file]["ms"]) for file, row in found.items()
    )
    time = "" if peer == "fcfs" else f"{short(ratio)} ×, "
    if any(row["objective"] is None for row in found.values()):
        ended = peer == "lp" and all(row["bound"] is not None for row in found.values())
        return time + ("in fractions" if ended else "nothing found")
    best = {file: min(measured.found("solve", kind, solver)[file]["objective"] for solver in OURS) for file in found}
    above = statistics.median(
        (row["objective"] - best[file]) / max(1, ours[file]["avoidable"]) for file, row in found.items()
    )
    if above == 0:
        return f"{time}same"
    return f"{time}{'+' if above > 0 else '−'}{share(abs(above))}"


def beside_the_others(measured):
    kinds = [*URGENT, "u-500x500-laminar", *PANEL]
    rows = [[KINDS[kind][0], *(of_peer(measured, kind, peer) for peer in PEERS)] for kind in kinds]
    return table(["the same files", *PEERS.values()], rows)


def in_small_budgets(measured, kind, of):
    """Something of each small budget, over all files of a kind."""

    def cell(solver):
        by_budget = map(list, zip(*measured.found("within", kind, solver).values()))
        return " · ".join(of(found) for found in by_budget if found[0]["budget_ms"] >= LEAST_FOR_A_GAP_MS)

    return cell


def gap_of(percent):
    def of(found):
        gap = percentile([math.inf if row["gap"] is None else row["gap"] for row in found], percent)
        return share(gap).removesuffix(" %")

    return of


def lateness(found):
    return short(max(row["ms"] / row["budget_ms"] for row in found))


def later_than_its_budget(measured):
    """The longest time over each budget, in ms, over all files that are to be answered in time."""

    def cell(solver):
        files = [found for kind in IN_TIME for found in measured.found("within", kind, solver).values()]
        over = [max(0, *(row["ms"] - row["budget_ms"] for row in found)) for found in zip(*files)]
        verdict = "met" if max(over) <= LATE_AT_MOST_MS else "**missed**"
        return f"{' · '.join(short(ms) for ms in over)}: {verdict}"

    return cell


def what_else(measured):
    plain, nested, crossing = URGENT
    large, largest = "m-10000x200", "m-20000x300"

    def p50_p99(what, kind, field):
        def cell(solver):
            values = measured.all(what, kind, solver, field)
            return " · ".join(f"{short(percentile(values, percent))} ms" for percent in (50, 99))

        return cell

    def beside_anew(kind):
        def cell(solver):
            by_budget = list(zip(*measured.found("again", kind, solver).values()))

            def of(way):
                return " · ".join(gap_of(50)([row[way] for row in found]) for found in by_budget)

            return f"{of('again')} beside {of('anew')}"

        return cell

    def over_flow(what, kind, field):
        times = p50_p99(what, kind, field)

        def cell(solver):
            ratio = percentile(measured.all(what, kind, solver, field), 50) / measured.flow(kind, 50)
            return f"{short(ratio)} × ({times(solver)})"

        return cell

    def at_once(kind):
        def cell(solver):
            ratio = percentile(measured.all("pair", kind, solver, "both_ms"), 50)
            ratio /= percentile(measured.all("pair", kind, solver, "alone_ms"), 50)
            found = measured.found("pair", kind, solver).values()
            proved, solves = sum(f["both_proved"] for f in found), sum(len(f["both_ms"]) for f in found)
            return f"{short(ratio)} × ({proved} of {solves} proved)"

        return cell

    def built(kind):
        def cell(solver):
            pairs = zip(measured.all("solve", kind, solver, "built_ms"), measured.all("solve", kind, solver, "ms"))
            return f"{short(100 * percentile([build / whole for build, whole in pairs], 50))} %"

        return cell

    def columns(kind):
        def cell(solver):
            found = list(measured.found("solve", kind, solver).values())
            of_arcs = percentile([row["columns"] / row["arcs"] for row in found], 50)
            return f"{short(100 * of_arcs)} % in {percentile([row['pricing_rounds'] for row in found], 50)} rounds"

        return cell

    def cold(solver):
        kinds = [kind for kind in KINDS if kind.endswith("-crossing")]
        found = [row for kind in kinds for row in measured.found("solve", kind, solver).values() if row["cold_ms"]]
        return f"{short(percentile([row['cold_ms'] / percentile(row['ms'], 50) for row in found], 50))} ×"

    def memory(solver):
        [found] = measured.found("solve", largest, solver).values()
        return f"{short(found['peak_kib'] / 1024)} MiB"

    urgent = "300 × 2 000"
    budgets = "10 · 25 · 50 · 100 ms"
    rows = [
        (f"first answer ÷ flow, {urgent}, crossing (p50 · p99)", over_flow("solve", crossing, "first_ms")),
        ("the same, households 10 000 × 200", over_flow("solve", large, "first_ms")),
        (
            f"newcomer placed on a plan that stands ÷ flow, {urgent}, no groups (p50 · p99; aim 1 ms)",
            over_flow("arrive", plain, "placed_ms"),
        ),
        ("the same, nested", over_flow("arrive", nested, "placed_ms")),
        ("the same, nested, with the three best choices priced", over_flow("arrive", nested, "offered_ms")),
        (f"gap in % within {budgets}, {urgent}, crossing: middle", in_small_budgets(measured, crossing, gap_of(50))),
        ("the same: greatest", in_small_budgets(measured, crossing, gap_of(100))),
        ("the same, nested: greatest", in_small_budgets(measured, nested, gap_of(100))),
        ("the same, households 2 000 × 60: greatest", in_small_budgets(measured, "m-2000x60", gap_of(100))),
        (
            "gap in % within 50 · 250 ms when a tenth came, again beside anew, households 2 000 × 60: middle",
            beside_anew("m-2000x60"),
        ),
        (f"longest answer ÷ its budget of {budgets}, {urgent}, crossing", in_small_budgets(measured, crossing, lateness)),
        ("the same, households 10 000 × 200", in_small_budgets(measured, large, lateness)),
        (
            "longest time over the budget of 1 · 5 · 10 · 25 · 50 · 100 ms, in ms, all up to 500 × 3 000 (aim: "
            f"{LATE_AT_MOST_MS})",
            later_than_its_budget(measured),
        ),
        (f"two solves at once ÷ one alone, {urgent}, nested", at_once(nested)),
        ("the same, crossing", at_once(crossing)),
        (f"share of a solve that goes into order, network and models, {urgent}, crossing", built(crossing)),
        (f"columns of the linear program, of all placements, {urgent}, crossing", columns(crossing)),
        ("first solve of a process ÷ a later one, crossing", cold),
        ("memory of the process at its most, households 20 000 × 300", memory),
    ]
    told = [[name, cell(DEFAULT), cell(HIGHS)] for name, cell in rows]
    return table(["what else", "default build", "with `highs`"], told)


def main():
    path, readme, date, commit, command, load_before, load_lately = sys.argv[1:]
    measured = Measured(path)
    wrong = [*measured.contradictions(), *measured.missing()]
    if wrong:
        sys.exit("\n".join(wrong))
    text = "\n\n".join(
        [
            f"Made by `{command}` on {date} of commit {commit}; load average {load_before} before, {load_lately} in the last\n"
            "quarter of an hour (the run itself is 1). Two figures in a cell: default build / with `highs`.",
            beside_the_flow(measured),
            "What others need on some of these files, ÷ ours with `highs`, and their objective above ours:",
            beside_the_others(measured),
            what_else(measured),
        ]
    )
    print(text)
    if readme == "-":
        return
    with open(readme, encoding="utf-8") as file:
        page = file.read()
    if BEGIN not in page or END not in page:
        sys.exit(f"{readme} has no {BEGIN} and {END}: the tables are only printed")
    before, rest = page.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    with open(readme, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n{text}\n{END}{after}")


if __name__ == "__main__":
    main()
