"""The training step of the batched embedding RNN: several streams side by side, a column each, Adagrad."""
import numpy as np

from serve import matrix, serve


def train(task):
    streams, window, rate = np.array(task['streams']), task['window'], task['learningRate']
    parameters = [matrix(task['weights'][name]) for name in ('Wex', 'Wxh', 'Whh', 'Why', 'bh', 'by')]
    Wex, Wxh, Whh, Why, bh, by = parameters
    hidden, vocabulary, batch = len(Whh), len(Why), len(streams)
    columns = np.arange(batch)
    memory = [np.zeros_like(p) for p in parameters]

    def backpropagate(inputs, targets, h):
        xs, es, hs, ps, loss = [], [], [h], [], 0
        for t in range(window):
            x = np.zeros((vocabulary, batch))
            x[inputs[:, t], columns] = 1
            e = np.dot(Wex, x)
            h = np.tanh(np.dot(Wxh, e) + np.dot(Whh, h) + bh)
            y = np.dot(Why, h) + by
            y = np.exp(y - np.max(y, axis=0))
            p = y / np.sum(y, axis=0)
            loss -= np.sum(np.log(p[targets[:, t], columns])) / batch
            xs.append(x)
            es.append(e)
            hs.append(h)
            ps.append(p)
        gradients = dWex, dWxh, dWhh, dWhy, dbh, dby = [np.zeros_like(p) for p in parameters]
        dnext = np.zeros_like(h)
        for t in reversed(range(window)):
            dy = np.copy(ps[t])
            dy[targets[:, t], columns] -= 1
            dy /= batch
            dWhy += np.dot(dy, hs[t + 1].T)
            dby += np.sum(dy, axis=1, keepdims=True)
            dh = np.dot(Why.T, dy) + dnext
            draw = (1 - hs[t + 1] * hs[t + 1]) * dh
            dbh += np.sum(draw, axis=1, keepdims=True)
            dWxh += np.dot(draw, es[t].T)
            dWhh += np.dot(draw, hs[t].T)
            dWex += np.dot(np.dot(Wxh.T, draw), xs[t].T)
            dnext = np.dot(Whh.T, draw)
        # The original leaves the embedding's gradient as it is.
        for d in gradients[1:]:
            np.clip(d, -1, 1, out=d)
        return loss, gradients, h

    def at(p, h):
        return backpropagate(streams[:, p : p + window], streams[:, p + 1 : p + window + 1], h)

    yield at(task['positions'][0], np.zeros((hidden, batch)))[0]
    while True:
        h = np.zeros((hidden, batch))
        for position in task['positions']:
            loss, gradients, h = at(position, h)
            for p, d, m in zip(parameters, gradients, memory):
                m += d * d
                p += -rate * d / np.sqrt(m + 1e-8)
            yield loss


serve(train)
