"""A second implementation of the orders and partitions of runtime/EdgeLearn/Data, for their golden values.

Written from the descriptions in SplitMix64.cs, EpochOrder.cs, GammaSampler.cs and Partition.cs; math.log and math.exp stand in for
PortableMath. Needs nothing but Python 3:  python3 tests/Reference/data_order.py
The printed lines are the expected values in tests/EdgeLearn.Tests/Data/EpochOrderTests.cs and PartitionTests.cs.
"""
import math

MASK = (1 << 64) - 1
INCREMENT = 0x9E3779B97F4A7C15


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def derive(seed, stream):
    return mix((mix((seed + INCREMENT) & MASK) + stream * INCREMENT) & MASK)


class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + INCREMENT) & MASK
        return mix(self.state)

    def next_double(self):
        return ((self.next() >> 11) + 0.5) / (1 << 53)


def epoch_order(seed, epoch, count, take=None):
    key = derive(seed, epoch)
    bits = max(6, (count - 1).bit_length())
    left_bits = bits // 2
    right_bits = bits - left_bits

    def f(round_, half):
        return mix((key + ((round_ << 32) | half)) & MASK) >> 32

    order = []
    for position in range(count if take is None else take):
        value = position
        while True:
            left, right = value >> right_bits, value & ((1 << right_bits) - 1)
            for r in range(0, 8, 2):
                right ^= f(r, left) & ((1 << right_bits) - 1)
                left ^= f(r + 1, right) & ((1 << left_bits) - 1)
            value = (left << right_bits) | right
            if value < count:
                break
        order.append(value)
    return order


def log_gammas(seed, shape, count):
    random = SplitMix64(seed)

    def normal():
        while True:
            u = 2 * random.next_double() - 1
            w = 2 * random.next_double() - 1
            s = u * u + w * w
            if 0 < s < 1:
                return u * math.sqrt(-2 * math.log(s) / s)

    values = []
    for _ in range(count):
        boost = math.log(random.next_double()) / shape if shape < 1 else 0
        d = (shape + 1 if shape < 1 else shape) - 1 / 3
        c = 1 / math.sqrt(9 * d)
        while True:
            x = normal()
            v = 1 + c * x
            if v <= 0:
                continue
            v = v * v * v
            if math.log(random.next_double()) < 0.5 * x * x + d - d * v + d * math.log(v):
                values.append(math.log(d) + math.log(v) + boost)
                break
    return values


def dirichlet(labels, parts, alpha, seed):
    owner = [0] * len(labels)
    for label in sorted(set(labels)):
        members = [i for i, l in enumerate(labels) if l == label]
        class_seed = derive(seed, label)
        logs = log_gammas(class_seed, alpha, parts)
        weights = [math.exp(x - max(logs)) for x in logs]
        order = epoch_order(class_seed, 0, len(members))
        total, begin = 0.0, 0
        for part in range(parts):
            total += weights[part] / sum(weights)
            end = len(members) if part == parts - 1 else min(len(members), math.floor(total * len(members) + 0.5))
            for at in range(begin, end):
                owner[members[order[at]]] = part
            begin = max(begin, end)
    sizes = [owner.count(part) for part in range(parts)]
    for part in range(parts):
        if sizes[part] == 0:
            largest = sizes.index(max(sizes))
            owner[max(i for i, o in enumerate(owner) if o == largest)] = part
            sizes[largest] -= 1
            sizes[part] += 1
    return [[i for i, o in enumerate(owner) if o == part] for part in range(parts)]


if __name__ == "__main__":
    print(epoch_order(7, 0, 10))
    print(epoch_order(7, 1, 10))
    print(epoch_order(1, 0, 100, take=8))
    print(epoch_order(42, 3, 60_000, take=8))
    few = [i % 3 for i in range(24)]
    print(dirichlet(few, 4, 0.5, 11))
    print(dirichlet(few, 4, 0.01, 5))
    many = dirichlet([i * 7 % 10 for i in range(6000)], 4, 1.0, 1)
    print([len(part) for part in many], [sum(part) for part in many])
