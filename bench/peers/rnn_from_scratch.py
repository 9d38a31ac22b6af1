"""The training step of rnn-from-scratch: a tanh RNN over words, no biases, a sentence at a time, gradient descent."""
import numpy as np

from serve import matrix, serve


def train(task):
    truncate, rate = task['truncate'], task['learningRate']
    U, W, V = (matrix(task['weights'][name]) for name in 'UWV')
    hidden, vocabulary = U.shape
    nothing = np.zeros(hidden)

    def one_hot(word):
        x = np.zeros(vocabulary)
        x[word] = 1
        return x

    def forward(x, previous):
        s = np.tanh(np.dot(W, previous) + np.dot(U, x))
        return s, np.dot(V, s)

    def product(dz, x):
        # As the original multiplies a column by a row: np.outer would not call the BLAS.
        return np.dot(dz[:, None], x[None, :])

    # Of a step whose loss is not looked at, dscores are zeros, and multiplied all the same. So is the gradient of x, which nobody
    # asks for, and the step is computed anew each time it is passed: that is what the original's layers do.
    def backward(x, previous, ds, dscores):
        s, _ = forward(x, previous)
        dV = product(dscores, s)
        ds = np.dot(V.T, dscores) + ds
        dsum = (1 - s * s) * ds
        dW = product(dsum, previous)
        dprevious = np.dot(W.T, dsum)
        dU = product(dsum, x)
        np.dot(U.T, dsum)
        return dprevious, dU, dW, dV

    def backpropagate(inputs, targets):
        states, scores = [nothing], []
        for word in inputs:
            s, y = forward(one_hot(word), states[-1])
            states.append(s)
            scores.append(y)
        dU, dW, dV = np.zeros_like(U), np.zeros_like(W), np.zeros_like(V)
        loss = 0
        for t, target in enumerate(targets):
            p = np.exp(scores[t])
            p /= np.sum(p)
            loss -= np.log(p[target])
            p[target] -= 1
            ds, dU_t, dW_t, dV_t = backward(one_hot(inputs[t]), states[t], nothing, p)
            for i in range(t - 1, max(-1, t - truncate - 1), -1):
                ds, dU_i, dW_i, _ = backward(one_hot(inputs[i]), states[i], ds, np.zeros(vocabulary))
                dU_t += dU_i
                dW_t += dW_i
            dU += dU_t
            dW += dW_t
            dV += dV_t
        return loss, ((U, dU), (W, dW), (V, dV))

    first = task['sentences'][0]
    yield backpropagate(first[:-1], first[1:])[0]
    while True:
        for sentence in task['sentences']:
            loss, gradients = backpropagate(sentence[:-1], sentence[1:])
            for p, d in gradients:
                p -= rate * d
            yield loss


serve(train)
