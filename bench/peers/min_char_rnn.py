"""The training step of min-char-rnn: a tanh RNN on one-hot characters, truncated backpropagation, Adagrad."""
import numpy as np

from serve import matrix, serve


def train(task):
    ids, window, rate = task['ids'], task['window'], task['learningRate']
    parameters = [matrix(task['weights'][name]) for name in ('Wxh', 'Whh', 'Why', 'bh', 'by')]
    Wxh, Whh, Why, bh, by = parameters
    hidden, vocabulary = Wxh.shape
    memory = [np.zeros_like(p) for p in parameters]

    def backpropagate(inputs, targets, h):
        xs, hs, ps, loss = [], [h], [], 0
        for i, target in zip(inputs, targets):
            # Multiplied as a vector of zeros and a one, and both exponentials taken, as in the original: that is its speed.
            x = np.zeros((vocabulary, 1))
            x[i] = 1
            h = np.tanh(np.dot(Wxh, x) + np.dot(Whh, h) + bh)
            y = np.dot(Why, h) + by
            p = np.exp(y) / np.sum(np.exp(y))
            loss -= np.log(p[target, 0])
            xs.append(x)
            hs.append(h)
            ps.append(p)
        gradients = dWxh, dWhh, dWhy, dbh, dby = [np.zeros_like(p) for p in parameters]
        dnext = np.zeros_like(h)
        for t in reversed(range(len(inputs))):
            dy = np.copy(ps[t])
            dy[targets[t]] -= 1
            dWhy += np.dot(dy, hs[t + 1].T)
            dby += dy
            dh = np.dot(Why.T, dy) + dnext
            draw = (1 - hs[t + 1] * hs[t + 1]) * dh
            dbh += draw
            dWxh += np.dot(draw, xs[t].T)
            dWhh += np.dot(draw, hs[t].T)
            dnext = np.dot(Whh.T, draw)
        for d in gradients:
            np.clip(d, -5, 5, out=d)
        return loss, gradients, h

    def at(p, h):
        return backpropagate(ids[p : p + window], ids[p + 1 : p + window + 1], h)

    yield at(task['positions'][0], np.zeros((hidden, 1)))[0]
    while True:
        h = np.zeros((hidden, 1))
        for position in task['positions']:
            loss, gradients, h = at(position, h)
            for p, d, m in zip(parameters, gradients, memory):
                m += d * d
                p += -rate * d / np.sqrt(m + 1e-8)
            yield loss


serve(train)
