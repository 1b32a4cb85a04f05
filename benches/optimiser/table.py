"""Makes the table of what `run` measured and writes it between the marks of README.

    python table.py MEASURED.jsonl README.md
"""

import json
import re
import statistics
import sys

BEGIN, END = "<!-- optimiser: begin -->", "<!-- optimiser: end -->"
NAMES = {
    "mcf": "OR-Tools flow",
    "lsa": "scipy assignment",
    "lp": "HiGHS LP",
    "mip": "HiGHS MIP",
    "cpsat": "CP-SAT",
    "fcfs": "first come, first served",
}


def kind(file):
    """`u-300x2000-plain-3.json` is of the kind `u-300x2000-plain`."""
    return re.sub(r"-\d+\.json$", "", file)


def middle(values):
    return statistics.median(values) if values else None


def worst(values):
    return max(values) if values else None


def number(value, digits=1):
    return "" if value is None else f"{value:.{digits}f}"


def main():
    measured, readme = sys.argv[1], sys.argv[2]
    with open(measured, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    kinds = {}
    for row in rows:
        kinds.setdefault(kind(row["file"]), {}).setdefault(row["solver"], []).append(row)
    text = [
        "| instances | proved | middle instance | slowest instance | ÷ OR-Tools flow, middle | ÷ flow, worst | greatest gap left, of what can be avoided | peers: solve time ÷ ours (objective above ours) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, by_solver in kinds.items():
        ours = by_solver.get("aiguilleur", [])
        if not ours:
            continue
        flow = {row["file"]: row["ms"]["p50"] for row in by_solver.get("mcf", [])}
        proved, rounds = sum(row["proved"] for row in ours), sum(row["rounds"] for row in ours)
        times = [row["ms"]["p50"] for row in ours]
        ratios = sorted(row["ms"]["p50"] / flow[row["file"]] for row in ours if row["file"] in flow)
        gaps = [
            (row["objective"] - row["bound"]) / max(1, row["avoidable"]) for row in ours if row["bound"] is not None
        ]
        best = {row["file"]: row["objective"] for row in ours}
        told = []
        for solver, found in by_solver.items():
            if solver in ("aiguilleur",):
                continue
            mine = {row["file"]: row["ms"]["p50"] for row in ours}
            ratio = middle([row["ms"]["p50"] / mine[row["file"]] for row in found if row["file"] in mine])
            above = middle(
                [
                    (row["objective"] - best[row["file"]]) / max(1, best[row["file"]])
                    for row in found
                    if row["objective"] is not None and row["file"] in best
                ]
            )
            value = "nothing found" if above is None else f"{above:+.1%}"
            told.append(f"{NAMES[solver]} {number(ratio, 2)} ({value})")
            # A peer that proved something below our bound, or other than our optimum, says that ours is wrong.
            for row in found:
                if row["proved"] and row["objective"] is not None and row["file"] in best:
                    assert row["objective"] >= min(
                        r["bound"] or 0 for r in ours if r["file"] == row["file"]
                    ), f"{row['file']}: {solver} found less than our bound"
                    mine_proved = [r for r in ours if r["file"] == row["file"] and r["proved"] == r["rounds"]]
                    for mine_row in mine_proved:
                        assert mine_row["objective"] == row["objective"], f"{row['file']}: {solver} differs"
        text.append(
            f"| {name} | {proved} of {rounds} | {number(middle(times))} ms | {number(worst(times))} ms "
            f"| {number(middle(ratios), 2)} | {number(worst(ratios), 2)} | {max(gaps):.3%} | {'; '.join(told)} |"
            if gaps
            else f"| {name} | {proved} of {rounds} | {number(middle(times))} ms | {number(worst(times))} ms |  |  | unknown | {'; '.join(told)} |"
        )
    table = "\n".join(text)
    print(table)
    with open(readme, encoding="utf-8") as file:
        page = file.read()
    if BEGIN not in page:
        sys.exit(f"README has no {BEGIN}: the table is only printed")
    before, rest = page.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    with open(readme, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n{table}\n{END}{after}")


if __name__ == "__main__":
    main()
