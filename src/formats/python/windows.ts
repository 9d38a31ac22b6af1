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
    Documents, each from its beginning to its end once an epoch: sorted by length, B at a time, and read in windows. The order of these
    batches is another one in each epoch.
    """

    def __init__(self, tokens, spans, batch, window, seed):
        """spans: where each document begins and ends"""
        predictions = lambda span: span[1] - span[0] - 1
        spans = sorted(spans, key=predictions)
        ends = range(len(spans), 0, -batch)
        self.tokens, self.batch, self.steps, self.seed = tokens, batch, window, seed
        # The first takes what the others leave.
        self.batches = [spans[max(0, end - batch):end] for end in reversed(ends)]
        self.longest = [predictions(batch[-1]) for batch in self.batches]
        self.windows_per_epoch = sum(math.ceil(longest / window) for longest in self.longest)
        self.epoch, self.windows = None, []

    def window(self, step):
        epoch, at = divmod(step, self.windows_per_epoch)
        if epoch != self.epoch:
            order = shuffled(len(self.batches), [self.seed, self.seed >> 32, epoch])
            self.windows = [(number, first) for number in order for first in range(0, self.longest[number], self.steps)]
            self.epoch = epoch
        number, first = self.windows[at]
        places = [(begin + first, end - 1) for begin, end in self.batches[number]]
        places += [(0, 0)] * (self.batch - len(places))
        return *side_by_side(self.tokens, places, min(self.steps, self.longest[number] - first)), first == 0


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


def shuffled(length, numbers):
    """The numbers below length, in an order that others decide (Fisher and Yates; Durstenfeld 1964)."""
    key, order = 0, list(range(length))
    for number in numbers:
        key = mix(key, number & 0xffffffff)
    for i in range(length - 1, 0, -1):
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
