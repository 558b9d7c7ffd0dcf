#!/usr/bin/env python3
"""Tests the league of the few-label benchmark: its statistics by hand, and the page against the kept cells.

usage: TestLeague.py SOURCE_FOLDER
"""
import itertools
import sys
import unittest
from pathlib import Path

SOURCE = Path(sys.argv.pop(1)).resolve()
sys.path.insert(0, str(SOURCE / "Testing" / "Benchmarks" / "few-labels"))
import league  # noqa: E402


def share_of_patterns(differences):
    """Share of all sign patterns whose rank sum is at least as far from its middle, by brute force; no zeros."""
    size = [abs(d) for d in differences]
    ranks = [sum(other < s for other in size) + (size.count(s) + 1) / 2 for s in size]
    middle = sum(ranks) / 2
    seen = abs(sum(rank for rank, d in zip(ranks, differences) if d > 0) - middle)
    patterns = list(itertools.product((0, 1), repeat=len(differences)))
    return sum(abs(sum(rank for rank, up in zip(ranks, pattern) if up) - middle) >= seen for pattern in patterns) / len(patterns)


class League(unittest.TestCase):
    def test_wilcoxon_counts_the_sign_patterns(self):
        for differences in ([0.3, -0.1, 0.25, 0.7, -0.05, 0.41, 0.12, 0.9, 0.33, -0.2], [0.5, -0.5, 0.25, 0.25, 1.0, -0.125, 2.0]):
            self.assertAlmostEqual(league.wilcoxon(differences, [0.0] * len(differences)), share_of_patterns(differences), places=12)

    def test_wilcoxon_of_equal_scores_is_one(self):
        self.assertEqual(league.wilcoxon([0.5, 0.6], [0.5, 0.6]), 1.0)

    def test_holm_by_hand(self):
        self.assertEqual([round(p, 10) for p in league.holm([0.01, 0.04, 0.03])], [0.03, 0.06, 0.06])

    def test_page_holds_the_tables_of_the_cells(self):
        page = (SOURCE / "Documentation" / "Results" / "few-labels.md").read_text()
        self.assertIn("<!-- league hippocampus -->", page)
        self.assertEqual(page, league.with_tables(page, SOURCE / "Documentation" / "Results" / "few-labels.jsonl"))


if __name__ == "__main__":
    unittest.main()
