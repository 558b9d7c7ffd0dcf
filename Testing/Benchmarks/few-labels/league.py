"""Reads finished cells and prints the league table: mean Dice, confidence interval over cases, paired tests."""
import json
import random
import re
from collections import Counter, defaultdict


def dice_by_case(scores_file):
    """{case: {structure: Dice}} from the JSON that sulcus-evaluate writes."""
    scores = json.loads(scores_file.read_text())
    table = defaultdict(dict)
    for row in scores["scores"]:
        if row["dice"] is not None:  # neither side has the structure
            table[row["case"]][row["structure"]] = row["dice"]
    return dict(table)


def case_means(record):
    return {case: sum(values.values()) / len(values) for case, values in record["dice"].items()}


def mean_of(record):
    means = case_means(record)
    return sum(means.values()) / len(means)


def bootstrap_interval(values, draws=2000):
    chooser = random.Random(0)
    means = sorted(sum(chooser.choices(values, k=len(values))) / len(values) for _ in range(draws))
    return means[int(0.025 * draws)], means[int(0.975 * draws) - 1]


def wilcoxon(a, b):
    """Two-sided signed-rank test, exact: all sign patterns are counted, tied differences share their mean rank, equal scores are left out."""
    differences = sorted((x - y for x, y in zip(a, b) if x != y), key=abs)
    n = len(differences)
    doubled, i = [], 0  # twice the ranks, so that shared ones are whole numbers
    while i < n:
        j = i
        while j + 1 < n and abs(differences[j + 1]) == abs(differences[i]):
            j += 1
        doubled += [i + j + 2] * (j - i + 1)
        i = j + 1
    patterns = Counter({0: 1})  # rank sum of the positive ones: number of sign patterns
    for rank in doubled:
        patterns.update({total + rank: count for total, count in patterns.items()})
    middle = sum(doubled) / 2
    seen = abs(sum(rank for rank, difference in zip(doubled, differences) if difference > 0) - middle)
    return sum(count for total, count in patterns.items() if abs(total - middle) >= seen) / 2**n


def holm(p_values):
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, running = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = running
    return adjusted


def averaged_over_seeds(records):
    totals = defaultdict(list)
    for record in records:
        for case, value in case_means(record).items():
            totals[case].append(value)
    return {case: sum(values) / len(values) for case, values in totals.items()}


def table(results, data, baseline="supervised"):
    if not results.exists():
        return "no finished cells"
    records = [json.loads(line) for line in results.read_text().splitlines()]
    records = [r for r in records if r["data"] == data and r["evaluate_on"] == "test"]
    cells = defaultdict(list)
    for record in records:
        cells[(record["labelled"] or 10**9, record["arm"], record["steps"])].append(record)
    comparisons = []
    for (labelled, arm, steps), members in cells.items():
        shared = {r["seed"] for r in members} & {r["seed"] for r in cells.get((labelled, baseline, steps), [])}
        if arm != baseline and shared:  # an arm is compared on the seeds that both have: labelled volumes differ by seed
            a, b = (averaged_over_seeds([r for r in both if r["seed"] in shared]) for both in (members, cells[(labelled, baseline, steps)]))
            cases = sorted(a.keys() & b.keys())
            gain = sum(a[c] - b[c] for c in cases) / len(cases)
            comparisons.append(((labelled, arm, steps), wilcoxon([a[c] for c in cases], [b[c] for c in cases]), gain))
    adjusted = dict(zip((key for key, _, _ in comparisons), holm([p for _, p, _ in comparisons])))
    gains = {key: gain for key, _, gain in comparisons}
    lines = ["| data | labelled | arm | steps | mean Dice | 95 % interval over cases | by seed | worst case | gain over " + baseline + ", same seeds | Holm p | training s |",
             "|---|---|---|---|---|---|---|---|---|---|---|"]
    for key in sorted(cells):
        labelled, arm, steps = key
        members = sorted(cells[key], key=lambda r: r["seed"])
        values = list(averaged_over_seeds(members).values())
        low, high = bootstrap_interval(values)
        seeds = ", ".join(f"{r['seed']}: {mean_of(r):.4f}" for r in members)
        p = f"{adjusted[key]:.2g}" if key in adjusted else ""
        gain = f"{gains[key]:+.4f}" if key in gains else ""
        seconds = sum(r["train_seconds"] + r["pretrain_seconds"] for r in members) / len(members)
        lines.append(f"| {data} | {'all' if labelled == 10**9 else labelled} | {arm} | {steps} | {sum(values) / len(values):.4f} | {low:.3f} to {high:.3f} | "
                     f"{seeds} | {min(min(case_means(r).values()) for r in members):.3f} | {gain} | {p} | {seconds:.0f} |")
    return "\n".join(lines)


def with_tables(page, results):
    """The page with the table of each data set between its marks."""
    return re.sub(r"(<!-- league (\w+) -->\n).*?(<!-- end -->)", lambda found: f"{found[1]}{table(results, found[2])}\n{found[3]}", page, flags=re.DOTALL)
