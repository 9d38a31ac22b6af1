/** Python: what a step of training reads. */
export const windowsPy = String.raw`"""What is read at each step: windows of tokens, of B sequences side by side, as Unrolled reads them."""
import json
import math
import os

import torch

from vocabulary import read_corpus


class Streams:
    """One text as B parts, whose lengths differ by one token at most. A step reads on in each where the one before stopped."""

    def __init__(self, tokens, batch, window):
        predictions = len(tokens) - 1
        longest = math.ceil(predictions / batch)
        self.tokens, self.batch, self.steps = tokens, batch, min(window, longest)
        self.windows_per_epoch = math.ceil(longest / self.steps)
        each, longer = divmod(predictions, batch)
        self.starts = [b * each + min(b, longer) for b in range(batch + 1)]

    def window(self, step):
        """inputs and targets, [time, B], -1 where there is nothing to predict; and whether the sequences begin here."""
        first = step % self.windows_per_epoch * self.steps
        places = [(start + first, end) for start, end in zip(self.starts, self.starts[1:])]
        return *side_by_side(self.tokens, places, self.steps), first == 0


class Documents:
    """
    Documents, each from its beginning to its end once an epoch: sorted by length, B at a time, and read in windows. Which of like lengths are
    side by side, and the order of these batches, is another one in each epoch.
    """

    def __init__(self, tokens, spans, batch, window, seed):
        """spans: where each document begins and ends"""
        self.tokens, self.batch, self.steps, self.seed = tokens, batch, window, seed
        self.spans = sorted(spans, key=predictions)
        self.count = math.ceil(len(spans) / batch)
        # Less like lengths, in larger buckets, as long as few places are empty.
        for spread in 1 / 16, 1 / 32, 1 / 64, 0:
            self.buckets = self.bucketed(spread)
            longest = [self.longest(last) for last in self.buckets]
            rests = [(steps - 1) % window + 1 for steps in longest]
            rounded = rounding(rests, window)
            places = sum(steps - rest + rounded(rest) for steps, rest in zip(longest, rests)) * batch
            if 1 - sum(map(predictions, spans)) / places < 0.1:
                break
        self.windows_per_epoch = sum(math.ceil(steps / window) for steps in longest)
        self.epoch, self.windows = None, []

    def place(self, number):
        """Where the documents of a batch begin and end, of all in some order. The first takes what the others leave."""
        end = len(self.spans) - (self.count - 1 - number) * self.batch
        return max(0, end - self.batch), end

    def longest(self, number):
        return predictions(self.spans[self.place(number)[1] - 1])

    def bucketed(self, spread):
        """By batch, the last of its bucket: documents change places within a bucket, and all have equally many windows."""
        windows = lambda steps: math.ceil(steps / self.steps)
        buckets, last = [0] * self.count, self.count - 1
        for i in reversed(range(self.count)):
            steps, shortest = self.longest(last), predictions(self.spans[self.place(i)[0]])
            if not (self.longest(i) >= (1 - spread) * steps and windows(shortest) == windows(steps)):
                last = i
            buckets[i] = last
        return buckets

    def window(self, step):
        epoch, at = divmod(step, self.windows_per_epoch)
        if epoch != self.epoch:
            key = 0
            for number in self.seed, self.seed >> 32, epoch:
                key = mix(key, number & 0xffffffff)
            spans, first = list(self.spans), 0
            while first < self.count:
                begin, end = self.place(first)[0], self.place(self.buckets[first])[1]
                spans[begin:end] = shuffled(spans[begin:end], mix(key, first))
                first = self.buckets[first] + 1
            batches = [spans[slice(*self.place(number))] for number in range(self.count)]
            self.windows = [
                (batches[number], longest, first)
                for number in shuffled(range(self.count), key)
                for longest in [self.longest(self.buckets[number])]
                for first in range(0, longest, self.steps)
            ]
            self.epoch = epoch
        batch, longest, first = self.windows[at]
        places = [(begin + first, end - 1) for begin, end in batch]
        places += [(0, 0)] * (self.batch - len(places))
        return *side_by_side(self.tokens, places, min(self.steps, longest - first)), first == 0


def predictions(span):
    return span[1] - span[0] - 1


def rounding(rests, window):
    """Makes lengths a little longer, so that at most 64 different ones remain. Here it only tells how many places are empty."""
    m = window
    while True:
        def rounded(rest, m=m):
            unit = 1
            while rest > 2 * m * unit:
                unit *= 2
            return min(window, math.ceil(rest / unit) * unit)
        if m == 1 or len({window, *map(rounded, rests)}) <= 64:
            return rounded
        m = math.ceil(m / 2)


def side_by_side(tokens, places, steps):
    """places: for each sequence, which of its tokens is the first to be read, and from where on there is none"""
    inputs = torch.zeros(steps, len(places), dtype=torch.long)
    targets = torch.full_like(inputs, -1)
    for b, (at, end) in enumerate(places):
        length = max(0, min(steps, end - at))
        inputs[:length, b] = tokens[at:at + length]
        targets[:length, b] = tokens[at + 1:at + 1 + length]
    return inputs, targets


def mix(state, value):
    """MurmurHash3's body (Appleby 2008), on 32 bits."""
    k = value * 0xcc9e2d51 & 0xffffffff
    k = (k << 15 | k >> 17) * 0x1b873593 & 0xffffffff
    h = state ^ k
    return (h << 13 | h >> 19) * 5 + 0xe6546b64 & 0xffffffff


def finish(h):
    h = (h ^ h >> 16) * 0x85ebca6b & 0xffffffff
    h = (h ^ h >> 13) * 0xc2b2ae35 & 0xffffffff
    return h ^ h >> 16


def shuffled(items, key):
    """The items in an order that a key decides (Fisher and Yates; Durstenfeld 1964)."""
    order = list(items)
    for i in range(len(order) - 1, 0, -1):
        j = math.floor(finish(mix(key, i)) / 0x100000000 * (i + 1))
        order[i], order[j] = order[j], order[i]
    return order


def reading(folder, training):
    """What is trained on, and what is held out, or None. training: the part of config.json"""
    batch, window, seed, share = (training[name] for name in ('streams', 'window', 'seed', 'heldOut'))
    tokens, offsets = read_corpus(os.path.join(folder, 'corpus.bin'))
    if offsets is None:
        cut = len(tokens) - math.floor(len(tokens) * share + 0.5)
        # To be measured, it is read as 16 streams, or as many as have two windows each.
        streams = max(1, min(16, (len(tokens) - cut - 1) // 256))
        return Streams(tokens[:cut], batch, window), Streams(tokens[cut:], streams, 128) if share > 0 else None
    with open(os.path.join(folder, 'held-out.json'), encoding='utf-8') as file:
        held_out = set(json.load(file))
    parts = [], []
    for number, span in enumerate(zip(offsets.tolist(), offsets.tolist()[1:])):
        parts[number in held_out].append(span)
    return Documents(tokens, parts[0], batch, window, seed), Documents(tokens, parts[1], 16, 128, 1) if held_out else None
`
