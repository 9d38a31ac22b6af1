"""Speaks the protocol of README.md for the peers in Python."""
import base64
import ctypes
import json
import os
import sys
import traceback
from time import perf_counter

import numpy as np


def serve(train):
    """train(task) yields the loss before any update, then takes a step and yields its loss, for ever."""

    def start(task):
        losses = train(task)
        return Running(f'numpy {np.__version__}, {blas()}', lambda: next(losses), float(next(losses)))

    serve_running(start)


class Running:
    """What takes steps: step() takes one and returns the loss before it; loss is that of the first, where it is known before."""

    def __init__(self, versions, step, loss=None, evaluate=None):
        self.versions, self.step, self.loss, self.evaluate = versions, step, loss, evaluate


def serve_running(start):
    """start(the first message) makes a Running."""
    try:
        running = start(json.loads(sys.stdin.readline()))
        answer(ready=True, versions=running.versions, **({} if running.loss is None else {'loss': running.loss}))
        for line in sys.stdin:
            message = json.loads(line)
            if message.get('evaluate'):
                answer(loss=float(running.evaluate()))
                continue
            ms = []
            for _ in range(message['steps']):
                begun = perf_counter()
                loss = running.step()
                ms.append((perf_counter() - begun) * 1e3)
            answer(ms=ms, loss=float(loss))
    except Exception as error:
        answer(error=f'{type(error).__name__}: {error}')
        traceback.print_exc()
        sys.exit(1)


def answer(**fields):
    print(json.dumps(fields), flush=True)


def numbers(packed):
    """What README.md calls packed, as an array."""
    kind = 'float32' if 'float32' in packed else 'int32'
    return np.frombuffer(base64.b64decode(packed[kind]), dtype=np.dtype(kind).newbyteorder('<')).astype(kind).reshape(packed['shape'])


def windows(statement, again=True):
    """Yields inputs [T, B], targets [T, B], and whether the state starts anew: again from the first after the last."""
    inputs, targets = (numbers(statement[name]).astype(np.int64) for name in ('inputs', 'targets'))
    while True:
        for i, (read, follow) in enumerate(zip(inputs, targets)):
            yield read, follow, i == 0 or statement['kind'] == 'sentences'
        if not again:
            return


def prompt_loss(statement, read):
    """The mean loss over the prompt by read(token), which returns the logits after it."""
    tokens, follow = (numbers(statement[name]).ravel() for name in ('inputs', 'targets'))
    losses = []
    for token, target in zip(tokens, follow):
        logits = np.asarray(read(int(token)), dtype=np.float64)
        losses.append(logits.max() + np.log(np.exp(logits - logits.max()).sum()) - logits[target])
    return float(np.mean(losses))


class Sampler:
    """Draws tokens as Unrolled's Sampler does: repetition penalty, temperature, topK, topP, minP, then one is drawn."""

    def __init__(self, options):
        self.options, self.recent, self.random = options, [], np.random.default_rng(1)

    def __call__(self, logits):
        options = self.options
        scores = np.array(logits, dtype=np.float64)
        penalty = options.get('repetitionPenalty', 1)
        if penalty != 1:
            seen = list(set(self.recent))
            scores[seen] = np.where(scores[seen] > 0, scores[seen] / penalty, scores[seen] * penalty)
        weights = np.exp((scores - scores.max()) / options.get('temperature', 1))
        if {'topK', 'topP', 'minP'} & options.keys():
            order = np.argsort(-weights, kind='stable')[: options.get('topK')]
            kept = weights[order]
            before = np.cumsum(kept) - kept
            passing = (before < options.get('topP', 1) * kept.sum()) & (kept >= options.get('minP', 0) * kept[0])
            weights = np.zeros_like(weights)
            weights[order[passing]] = kept[passing]
        token = int(min(np.searchsorted(np.cumsum(weights), self.random.random() * weights.sum(), side='right'), len(weights) - 1))
        if penalty != 1:
            self.recent = [*self.recent, token][-options.get('repetitionWindow', 64) :]
        return token


def matrix(rows):
    """A list of rows, or of numbers: that is a column."""
    return np.array(rows, dtype=np.float64).reshape(len(rows), -1)


def blas():
    # What numpy.show_config() tells is what NumPy was built with; Debian picks the library when it is loaded, and wheels bring their own.
    if os.path.exists('/proc/self/maps'):
        with open('/proc/self/maps') as maps:
            paths = sorted({line.split()[-1] for line in maps if 'blas' in line})
        for library in map(ctypes.CDLL, paths):
            for prefix, suffix in (('openblas_', ''), ('scipy_openblas_', ''), ('scipy_openblas_', '64_')):
                if not hasattr(library, f'{prefix}get_config{suffix}'):
                    continue
                config, kernel, threads = (
                    getattr(library, f'{prefix}{name}{suffix}') for name in ('get_config', 'get_corename', 'get_num_threads')
                )
                config.restype = kernel.restype = ctypes.c_char_p
                version = ' '.join(config().decode().split()[:2])
                return f'{version} ({kernel().decode()}), {threads()} thread{"" if threads() == 1 else "s"}'
    return 'not OpenBLAS'
