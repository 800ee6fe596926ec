#!/usr/bin/env python3
"""Writes drift.json: seven streams and what ADWIN2, DDM and the Page-Hinkley test find in them.

Written from the definitions below, with MOA and River read for what they leave open, and without sight of the program under test; plain
Python (no packages). The streams lie in the file, so that no generator needs repeating: 0/1 errors as a string of digits, values of [0, 1]
as numbers of four digits. Indices count from 0.

- ADWIN2: A. Bifet, R. Gavalda, "Learning from Time-Changing Data with Adaptive Windowing", SDM 2007, pp. 443-448. Merged variances:
  B. Babcock, M. Datar, R. Motwani, L. O'Callaghan, "Maintaining Variance and k-Medians over Data Stream Windows", PODS 2003.
- DDM: J. Gama, P. Medas, G. Castillo, P. Rodrigues, "Learning with Drift Detection", SBIA 2004, pp. 286-295.
- Page-Hinkley: E. S. Page, "Continuous Inspection Schemes", Biometrika 41, 1954; in the form of J. Gama, I. Zliobaite, A. Bifet,
  M. Pechenizkiy, A. Bouchachia, "A Survey on Concept Drift Adaptation", ACM Computing Surveys 46(4), 2014.

Every step of ADWIN2 is held against a window that keeps all its values as integers: width, mean, variance and every decision. The script
stops where a decision is so near its threshold (MARGIN) that another order of additions might turn it, or where an open detail would.

    python3 tests/Reference/drift.py
"""
import itertools
import json
import math
import pathlib

M64 = 0xFFFFFFFFFFFFFFFF
SCALE = 10_000  # real values are whole multiples of 1 / SCALE
EVERY = 250
MARGIN = 1e-9


class SplitMix64:
    """G. L. Steele, D. Lea, C. H. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014."""

    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & M64
        x = self.state
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & M64
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB & M64
        return ((x ^ (x >> 31)) >> 11) * 2.0**-53


def errors(seed, *probabilities):
    """One digit for each probability: 1 with that probability."""
    random = SplitMix64(seed)
    return [int(random.uniform() < p) for p in itertools.chain(*probabilities)]


def levels(seed, spread, *means):
    """Each mean plus spread times the mean of three uniform numbers of [-1, 1], cut to whole multiples of 1 / SCALE."""
    random = SplitMix64(seed)
    noise = (2 * sum(random.uniform() for _ in range(3)) / 3 - 1 for _ in itertools.count())
    return [int(SCALE * (mean + spread * z)) / SCALE for mean, z in zip(itertools.chain(*means), noise)]


def streams():
    ramp = [0.1 + 0.4 * k / 1000 for k in range(1000)]
    return {
        "stationary": errors(101, [0.2] * 3000),
        "abrupt": errors(102, [0.1] * 1500, [0.4] * 1500),
        "gradual": errors(103, [0.1] * 1000, ramp, [0.5] * 1000),
        "improving": errors(104, [0.5] * 1500, [0.1] * 1500),
        "recurring": errors(105, [0.1] * 1000, [0.5] * 1000, [0.1] * 1000, [0.5] * 1000),
        "real shift": levels(106, 0.3, [0.4] * 1200, [0.5] * 1200),
        "real stationary": levels(107, 0.5, [0.5] * 2000),
    }


def threshold(width, variance, n0, n1, delta, offset):
    """eps_cut = sqrt(2/m var_W ln(2/delta')) + 2/(3m) ln(2/delta'), 1/m = 1/(n0 - offset) + 1/(n1 - offset), delta' = delta / ln(width).

    var_W is the variance of the whole window as it is when the cut is tested: squared differences over width, not width - 1.
    """
    inverse = 1 / (n0 - offset) + 1 / (n1 - offset)
    log = math.log(2 * math.log(width) / delta)
    return math.sqrt(2 * inverse * variance * log) + 2 / 3 * inverse * log


class Adwin:
    """ADWIN2, its window in an exponential histogram.

    rows[i] holds at most `buckets` buckets of 2^i values each, oldest first; a bucket is its sum and its squared differences from its mean.
    A new value is a bucket of row 0. A row that has buckets + 1 then gives its two oldest, as one, to the young end of the next row, which
    is looked at next. Sums of squared differences of two parts add up to s0 + s1 + n0 n1 / (n0 + n1) (mean0 - mean1)^2, the same formula
    read backwards takes the oldest bucket from the window.

    When the number of all values ever seen is a multiple of the clock and more than least_window are in the window: at every border
    between buckets, oldest first, with n0 older and n1 younger values, n0 >= least_side and n1 >= least_side, a cut is where
    |mean0 - mean1| > eps_cut (strictly; both directions). At the first cut the oldest bucket of the window, and no more, is dropped, and
    the search starts anew with the new width and variance, until no border is a cut. The value is a detection if there was any cut. It is
    a rise if mean1 > mean0 at the first cut of that value.
    """

    def __init__(self, delta, buckets, clock, least_window, least_side, offset):
        self.delta, self.buckets, self.clock, self.offset = delta, buckets, clock, offset
        self.least_window, self.least_side = least_window, least_side
        self.seen, self.width, self.total, self.squares, self.rows = 0, 0, 0.0, 0.0, [[]]

    def add(self, x):
        """The differences of means at the cuts of this value, in order."""
        self.seen += 1
        if self.width:
            self.squares += self.width / (self.width + 1) * (x - self.total / self.width) ** 2
        self.width, self.total = self.width + 1, self.total + x
        self.rows[0].append((x, 0.0))
        self.compress()
        found = []
        if self.seen % self.clock == 0 and self.width > self.least_window:
            while (cut := self.first_cut()) is not None:
                found.append(cut)
                self.drop()
        return found

    def compress(self):
        i = 0
        while len(self.rows[i]) > self.buckets:
            if i + 1 == len(self.rows):
                self.rows.append([])
            (sum0, squares0), (sum1, squares1) = self.rows[i][:2]
            between = (sum0 - sum1) ** 2 / 2 ** (i + 1)  # n n / 2n (sum0 / n - sum1 / n)^2, n = 2^i
            self.rows[i + 1].append((sum0 + sum1, squares0 + squares1 + between))
            del self.rows[i][:2]
            i += 1

    def first_cut(self):
        n0, sum0 = 0, 0.0
        for i, (total, _) in [(i, bucket) for i in reversed(range(len(self.rows))) for bucket in self.rows[i]]:
            n0, sum0 = n0 + 2**i, sum0 + total
            n1 = self.width - n0
            if n0 >= self.least_side and n1 >= self.least_side:
                rise = (self.total - sum0) / n1 - sum0 / n0
                if abs(rise) > threshold(self.width, self.squares / self.width, n0, n1, self.delta, self.offset):
                    return rise
        return None

    def drop(self):
        n = 2 ** (len(self.rows) - 1)
        total, squares = self.rows[-1].pop(0)
        self.width, self.total = self.width - n, self.total - total
        self.squares -= squares + n * self.width / (n + self.width) * (total / n - self.total / self.width) ** 2
        if not self.rows[-1]:
            self.rows.pop()


class ExactWindow:
    """The same window with all its values: sums and squares are whole numbers of 1 / SCALE; only the sizes of the buckets are kept besides.

    margin: the smallest distance between a difference of means and its threshold at all tests. short_tests: how many windows were searched
    that drops within one value had made no longer than least_window.
    """

    def __init__(self, values, delta, buckets, clock, least_window, least_side, offset):
        whole = [round(SCALE * x) for x in values]
        assert all(abs(x - n / SCALE) < 1e-15 for x, n in zip(values, whole))
        self.sums = list(itertools.accumulate(whole, initial=0))
        self.powers = list(itertools.accumulate((x * x for x in whole), initial=0))
        self.delta, self.buckets, self.clock, self.offset = delta, buckets, clock, offset
        self.least_window, self.least_side = least_window, least_side
        self.start, self.end, self.sizes, self.margin, self.short_tests = 0, 0, [], math.inf, 0

    def mean(self, start, end):
        return (self.sums[end] - self.sums[start]) / ((end - start) * SCALE)

    def variance(self, start, end):
        n, total = end - start, self.sums[end] - self.sums[start]
        return (n * (self.powers[end] - self.powers[start]) - total * total) / (n * n * SCALE * SCALE)

    def add(self):
        self.end += 1
        self.sizes.append(1)  # oldest first
        size = 1
        while self.sizes.count(size) == self.buckets + 1:
            oldest = self.sizes.index(size)
            size *= 2
            self.sizes[oldest:oldest + 2] = [size]
        found = []
        if self.end % self.clock == 0 and self.end - self.start > self.least_window:
            while cuts := self.cuts():
                found.append(cuts[0])
                self.start += self.sizes.pop(0)
                self.short_tests += self.end - self.start <= self.least_window
        return found

    def cuts(self):
        found, width, variance = [], self.end - self.start, self.variance(self.start, self.end)
        for border in itertools.accumulate(self.sizes[:-1], initial=self.start):
            n0, n1 = border - self.start, self.end - border
            if min(n0, n1) >= self.least_side:
                rise = self.mean(border, self.end) - self.mean(self.start, border)
                limit = threshold(width, variance, n0, n1, self.delta, self.offset)
                self.margin = min(self.margin, abs(abs(rise) - limit))
                if abs(rise) > limit:
                    found.append(rise)
        return found


def near(a, b):
    return abs(a - b) < 1e-9


def same_window(histogram, exact):
    """Whether every bucket of the histogram, and the whole of it, tells of the values that lie there."""
    start, end = exact.start, exact.end
    same = [
        histogram.width == end - start, near(histogram.total / histogram.width, exact.mean(start, end)),
        near(histogram.squares / histogram.width, exact.variance(start, end)),
    ]
    for i, bucket in [(i, bucket) for i in reversed(range(len(histogram.rows))) for bucket in histogram.rows[i]]:
        end = start + 2**i
        same += [near(bucket[0] / 2**i, exact.mean(start, end)), near(bucket[1] / 2**i, exact.variance(start, end))]
        start = end
    return all(same) and start == exact.end


def adwin(name, values, **parameters):
    histogram, exact = Adwin(**parameters), ExactWindow(values, **parameters)
    result = {
        "stream": name, "parameters": parameters, "detections": [], "rises": [], "widths_before": [], "widths_after": [],
        "means_before": [], "means_after": [], "every": EVERY, "widths": [], "means": [], "variances": [],
    }
    for i, x in enumerate(values):
        # As it would be without any drop.
        width, mean = histogram.width + 1, (histogram.total + x) / (histogram.width + 1)
        rises, exact_rises = histogram.add(x), exact.add()
        assert len(rises) == len(exact_rises) and all(map(near, rises, exact_rises)) and same_window(histogram, exact), (name, i)
        if rises:
            after = exact.mean(exact.start, exact.end)
            # Whether the mean of the window rose by the drops says the same.
            assert (rises[0] > 0) == (after > mean) and near(mean, exact.mean(exact.end - width, exact.end)), (name, i)
            result["detections"].append(i)
            result["rises"] += [i] * (rises[0] > 0)
            result["widths_before"].append(width)
            result["widths_after"].append(histogram.width)
            result["means_before"].append(round(mean, 12))
            result["means_after"].append(round(after, 12))
        if (i + 1) % EVERY == 0:
            window = [round(SCALE * x) for x in values[exact.start:exact.end]]
            assert near(sum(window) / len(window) / SCALE, histogram.total / histogram.width), (name, i)
            result["widths"].append(histogram.width)
            result["means"].append(round(exact.mean(exact.start, exact.end), 12))
            result["variances"].append(round(exact.variance(exact.start, exact.end), 12))
    assert exact.margin > MARGIN and exact.short_tests == 0, (name, exact.margin, exact.short_tests)
    return result


def ddm(name, values, least, warning, drift):
    """DDM: p_i = errors / i, s_i = sqrt(p_i (1 - p_i) / i), i = 1, 2, ... values since the start or the last drift.

    From i = least on, and not before: p_min = p_i and s_min = s_i where p_i + s_i < p_min + s_min (or there are none yet), then drift where
    p_i + s_i > p_min + drift s_min, else warning where p_i + s_i > p_min + warning s_min. A drift forgets everything; the next value has
    i = 1. The paper has >=, which is a drift at once where the first values have no error (p_min = s_min = 0); these streams have no tie.
    """
    result = {"stream": name, "parameters": {"least": least, "warning": warning, "drift": drift}, "warnings": [], "drifts": []}
    i, wrong, lowest, warned, margin = 0, 0, None, False, math.inf
    for index, x in enumerate(values):
        i, wrong = i + 1, wrong + x
        p = wrong / i
        s = math.sqrt(p * (1 - p) / i)
        if i < least:
            continue
        if lowest is not None:
            margin = min(margin, abs(p + s - sum(lowest)))
        if lowest is None or p + s < sum(lowest):
            lowest = p, s
        limits = [lowest[0] + k * lowest[1] for k in (drift, warning)]
        margin = min([margin, *(abs(p + s - limit) for limit in limits)])
        if p + s > limits[0]:
            result["drifts"].append(index)
            i, wrong, lowest, warned = 0, 0, None, False
        else:
            if p + s > limits[1] and not warned:
                result["warnings"].append(index)
            warned = p + s > limits[1]
    assert margin > MARGIN, (name, margin)
    result["end"] = {"i": i, "errors": wrong, "p_min": lowest and lowest[0], "s_min": lowest and lowest[1]}
    return result


def page_hinkley(name, values, delta, lambda_, least):
    """Page-Hinkley for a rise: m_T = sum of (x_t - mean_t - delta) over t = 1..T, M_T = least m_t of t = 1..T, alarm: m_T - M_T > lambda.

    mean_t is the mean of x_1 to x_t, x_t among them; t counts values since the start or the last alarm, which forgets everything. No alarm
    while t < least; m and M run from t = 1. With or without m_0 = 0 in the minimum is the same, for m_1 = -delta.
    """
    result = {"stream": name, "parameters": {"delta": delta, "lambda": lambda_, "least": least}, "alarms": []}
    t, total, m, lowest, margin = 0, 0.0, 0.0, 0.0, math.inf
    for index, x in enumerate(values):
        t, total = t + 1, total + x
        m += x - total / t - delta
        lowest = min(lowest, m)
        margin = min(margin, abs(m - lowest - lambda_))
        if m - lowest > lambda_:
            # Whether the first test is at 29, 30 or 31 values plays no part.
            assert t > least + 1, (name, index)
            result["alarms"].append(index)
            t, total, m, lowest = 0, 0.0, 0.0, 0.0
    assert margin > MARGIN, (name, margin)
    result["end"] = {"t": t, "mean": total / t if t else None, "m": round(m, 9), "lowest": round(lowest, 9)}
    return result


def main():
    given = streams()
    digits = {name: values for name, values in given.items() if not name.startswith("real")}
    # The formula as printed, and with the sides of MOA's program: n0 - 5 + 1 in place of n0, tested from n0 > 5 + 1 on.
    forms = [{"least_side": 5, "offset": 0}, {"least_side": 7, "offset": 4}]
    parts = {
        "streams": [
            {"name": name, "values": "".join(map(str, values)) if name in digits else values} for name, values in given.items()
        ],
        "adwin": [
            adwin(name, values, delta=0.002, buckets=5, clock=clock, least_window=10, **form)
            for form in forms for clock in (1, 32) for name, values in given.items()
        ],
        "ddm": [ddm(name, values, 30, 2, 3) for name, values in digits.items()],
        "page_hinkley": [
            page_hinkley(name, values, 0.005, lambda_, 30)
            for name, values in given.items() for lambda_ in ((50, 20) if name in digits else (10, 5))
        ],
    }
    rows = {key: ",\n".join(json.dumps(item, separators=(",", ":")) for item in items) for key, items in parts.items()}
    lines = [f'"{key}": [\n{row}\n]' for key, row in rows.items()]
    about = '"about": "written by drift.py, which says what every number is; indices count from 0"'
    pathlib.Path(__file__).with_name("drift.json").write_text("{\n" + ",\n".join([about, *lines]) + "\n}\n")


if __name__ == "__main__":
    main()
