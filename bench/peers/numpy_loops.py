"""NumPy: the loops that one writes by hand, forward and backward, in float32, a step of all streams at a time."""
import sys

import numpy as np

from serve import Running, Sampler, blas, numbers, prompt_loss, serve_running, windows


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Network:
    def __init__(self, statement):
        self.weights = {name: numbers(packed) for name, packed in statement['weights'].items()}
        self.hidden, self.layers, self.lstm = statement['hidden'], statement['layers'], statement['cell'] == 'lstm'

    def zeros(self, streams):
        parts = 2 if self.lstm else 1
        return [tuple(np.zeros((streams, self.hidden), np.float32) for _ in range(parts)) for _ in range(self.layers)]

    def layer(self, l, x, state):
        """x [T, B, n] from a state (h,) or (h, c); returns outputs [T, B, H], the last state, and what the way back needs."""
        weights, H = self.weights, self.hidden
        Wx, Wh, b = (weights.get(f'{name}.{l}') for name in ('Wx', 'Wh', 'b'))
        # One product for all steps: what does not depend on the step before stays out of the loop.
        gates = x.reshape(-1, x.shape[2]) @ Wx if Wx is not None else x.reshape(-1, x.shape[2]).copy()
        if b is not None:
            gates += b
        gates = gates.reshape(*x.shape[:2], -1)
        h = state[0]
        outputs = np.empty((*x.shape[:2], H), np.float32)
        if not self.lstm:
            for t in range(len(x)):
                h = outputs[t] = np.tanh(gates[t] + h @ Wh)
            return outputs, (h,), (x, state, outputs)
        c = state[1]
        cells = np.empty_like(outputs)
        for t in range(len(x)):
            g = gates[t]
            g += h @ Wh
            g[:, : 2 * H] = sigmoid(g[:, : 2 * H])
            g[:, 2 * H : 3 * H] = np.tanh(g[:, 2 * H : 3 * H])
            g[:, 3 * H :] = sigmoid(g[:, 3 * H :])
            c = cells[t] = g[:, H : 2 * H] * c + g[:, :H] * g[:, 2 * H : 3 * H]
            h = outputs[t] = g[:, 3 * H :] * np.tanh(c)
        return outputs, (h, c), (x, state, outputs, gates, cells)

    def forward(self, inputs, states):
        x, kept, last = self.weights['embedding'][inputs], [], []
        for l in range(self.layers):
            x, state, saved = self.layer(l, x, states[l])
            last.append(state)
            kept.append(saved)
        return x, last, kept

    def logits(self, outputs):
        logits = outputs @ self.weights['output']
        return logits + self.weights['outputBias'] if 'outputBias' in self.weights else logits

    def layer_back(self, l, dout, kept, gradients):
        weights, H = self.weights, self.hidden
        x, state, outputs = kept[:3]
        Wx, Wh = weights.get(f'Wx.{l}'), weights[f'Wh.{l}']
        T, B = x.shape[:2]
        dgates = np.empty((T, B, Wh.shape[1]), np.float32)
        dh = np.zeros((B, H), np.float32)
        WhT = np.ascontiguousarray(Wh.T)
        if self.lstm:
            gates, cells = kept[3:]
            dc = np.zeros_like(dh)
            for t in reversed(range(T)):
                i, f, g, o = np.split(gates[t], 4, axis=1)
                before = cells[t - 1] if t > 0 else state[1]
                dh += dout[t]
                th = np.tanh(cells[t])
                dc += dh * o * (1 - th * th)
                d = dgates[t]
                d[:, :H] = dc * g * i * (1 - i)
                d[:, H : 2 * H] = dc * before * f * (1 - f)
                d[:, 2 * H : 3 * H] = dc * i * (1 - g * g)
                d[:, 3 * H :] = dh * th * o * (1 - o)
                dc *= f
                dh = d @ WhT
        else:
            for t in reversed(range(T)):
                dh += dout[t]
                dgates[t] = dh * (1 - outputs[t] * outputs[t])
                dh = dgates[t] @ WhT
        flat = dgates.reshape(T * B, -1)
        previous = np.concatenate([state[0][None], outputs[:-1]]).reshape(T * B, -1)
        gradients[f'Wh.{l}'] = previous.T @ flat
        if f'b.{l}' in weights:
            gradients[f'b.{l}'] = flat.sum(0, keepdims=True)
        if Wx is None:
            return dgates
        gradients[f'Wx.{l}'] = x.reshape(T * B, -1).T @ flat
        return (flat @ Wx.T).reshape(x.shape)

    def backward(self, inputs, kept, dout, gradients):
        for l in reversed(range(self.layers)):
            dout = self.layer_back(l, dout, kept[l], gradients)
        gradients['embedding'] = np.zeros_like(self.weights['embedding'])
        np.add.at(gradients['embedding'], inputs.ravel(), dout.reshape(inputs.size, -1))

    def loss(self, outputs, targets, gradients, scale):
        """outputs [N, H], targets [N]: the mean loss, and the gradient of outputs, of scale times it."""
        p = self.logits(outputs)
        p -= p.max(1, keepdims=True)
        np.exp(p, out=p)
        p /= p.sum(1, keepdims=True)
        rows = np.arange(len(targets))
        loss = -np.log(p[rows, targets]).mean()
        p[rows, targets] -= 1
        p *= np.float32(scale / len(targets))
        gradients['output'] = outputs.T @ p
        if 'outputBias' in self.weights:
            gradients['outputBias'] = p.sum(0, keepdims=True)
        return loss, p @ self.weights['output'].T


class Updater:
    def __init__(self, weights, learning):
        self.weights, self.learning, self.steps = weights, learning, 0
        self.first, self.second = ({name: np.zeros_like(w) for name, w in weights.items()} for _ in range(2))

    def __call__(self, gradients):
        rule, rate, clip = self.learning['rule'], np.float32(self.learning['rate']), self.learning.get('clipValue')
        self.steps += 1
        if 'clipNorm' in self.learning:
            norm = np.sqrt(sum(float(np.vdot(d, d)) for d in gradients.values()))
            if norm > self.learning['clipNorm']:
                for d in gradients.values():
                    d *= np.float32(self.learning['clipNorm'] / norm)
        for name, w in self.weights.items():
            d, m, v = gradients[name], self.first[name], self.second[name]
            if rule == 'recurrentjs-rmsprop':
                v *= np.float32(0.999)
                v += np.float32(0.001) * d * d
                w -= rate * np.clip(d, -clip, clip) / np.sqrt(v + np.float32(1e-8)) + np.float32(self.learning['l2']) * w
                continue
            if clip is not None:
                np.clip(d, -clip, clip, out=d)
            if rule == 'sgd':
                w -= rate * d
            elif rule == 'adagrad':
                v += d * d
                w -= rate * d / (np.sqrt(v) + np.float32(1e-10))
            else:
                m += np.float32(0.1) * (d - m)
                v += np.float32(0.001) * (d * d - v)
                size = np.float32(self.learning['rate'] / (1 - 0.9**self.steps))
                w -= size * m / (np.sqrt(v / np.float32(1 - 0.999**self.steps)) + np.float32(1e-8))


def learner(statement, network):
    learning, window, streams = statement['learning'], statement['window'], statement['streams']
    update, source, reach = Updater(network.weights, learning), windows(statement), learning.get('reach')
    scale = window if learning['lossPer'] == 'sequence' else 1
    state = None

    def step():
        nonlocal state
        inputs, targets, anew = next(source)
        if anew:
            state = network.zeros(streams)
        gradients = {}
        if reach is None:
            outputs, state, kept = network.forward(inputs, state)
            loss, dflat = network.loss(outputs.reshape(-1, network.hidden), targets.ravel(), gradients, scale)
            network.backward(inputs, kept, dflat.reshape(outputs.shape), gradients)
        else:
            # All windows of reach + 1 steps side by side, each from the state before it; each but the first tells of its last step alone.
            count = window - reach
            before, _, _ = network.forward(inputs, state)
            starts = np.concatenate([state[0][0], before[: count - 1, 0]])
            ids = inputs[np.arange(reach + 1)[:, None] + np.arange(count)[None], 0]
            outputs, _, kept = network.forward(ids, [(starts,)])
            loss, dflat = network.loss(np.concatenate([outputs[:reach, 0], outputs[reach]]), targets.ravel(), gradients, scale)
            dout = np.zeros_like(outputs)
            dout[:reach, 0], dout[reach] = dflat[:reach], dflat[reach:]
            network.backward(ids, kept, dout, gradients)
        update(gradients)
        return loss

    def evaluate():
        losses, carried = [], None
        for inputs, targets, _ in windows(statement['heldOut'] | {'kind': 'text'}, again=False):
            outputs, carried, _ = network.forward(inputs, carried or network.zeros(inputs.shape[1]))
            losses.append(network.loss(outputs.reshape(-1, network.hidden), targets.ravel(), {}, 1)[0])
        return np.mean(losses)

    return step, evaluate


def generator(statement, network):
    state, token, choose = network.zeros(1), 0, Sampler(statement['sampling'])

    def read(token):
        nonlocal state
        outputs, state, _ = network.forward(np.array([[token]]), state)
        return network.logits(outputs[0])[0]

    def step():
        nonlocal token
        token = choose(read(token))
        return token

    return step, prompt_loss(statement, read)


def start(statement):
    network = Network(statement)
    versions = f'numpy {np.__version__}, {blas()}, Python {sys.version.split()[0]}'
    if statement['kind'] == 'generation':
        step, loss = generator(statement, network)
        return Running(versions, step, loss)
    step, evaluate = learner(statement, network)
    return Running(versions, step, evaluate=evaluate)


serve_running(start)
