"""PyTorch, `pytorch.py THREADS`: nn.Embedding, nn.LSTM or nn.RNN, nn.Linear, cross_entropy, torch.optim, as its tutorials have them."""
import os
import sys

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from serve import Running, Sampler, blas, numbers, prompt_loss, serve_running, windows

# More of PyTorch's own threads fight with the BLAS library's for the same processors: with both at two, steps take up to ten times as long.
torch.set_num_threads(1)


class Model(nn.Module):
    def __init__(self, statement):
        super().__init__()
        weights = {name: torch.from_numpy(numbers(packed)) for name, packed in statement['weights'].items()}
        layers, hidden = statement['layers'], statement['hidden']
        self.lstm = statement['cell'] == 'lstm'
        self.embedding = nn.Embedding.from_pretrained(weights['embedding'], freeze=False)
        kind = nn.LSTM if self.lstm else nn.RNN
        self.recurrent = kind(statement['embedding'], hidden, layers)
        with torch.no_grad():
            for name, parameter in self.recurrent.named_parameters():
                part, layer = name.rsplit('_l', 1)
                ours = weights.get({'weight_ih': 'Wx', 'weight_hh': 'Wh', 'bias_ih': 'b', 'bias_hh': ''}[part] + f'.{layer}')
                if ours is not None:
                    parameter.copy_(ours.T if part.startswith('weight') else ours.ravel())
                else:
                    # What the task does not have: its second biases, or, where a token's row is added as it is, a product by ones on the diagonal.
                    parameter.copy_(torch.eye(*parameter.shape) if part == 'weight_ih' else torch.zeros_like(parameter))
                    parameter.requires_grad_(False)
        bias = weights.get('outputBias')
        self.output = nn.Linear(hidden, statement['tokens'], bias=bias is not None)
        with torch.no_grad():
            self.output.weight.copy_(weights['output'].T)
            if bias is not None:
                self.output.bias.copy_(bias.ravel())

    def forward(self, tokens, state=None):
        outputs, state = self.recurrent(self.embedding(tokens), state)
        return self.output(outputs), state


@torch.jit.script
def custom_layer(x, h, c, Wx, Wh, b):
    """An LSTM written step by step, compiled, as PyTorch's article on custom LSTMs has it."""
    outputs = []
    for step in (torch.matmul(x, Wx.t()) + b).unbind(0):
        i, f, g, o = (step + torch.mm(h, Wh.t())).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        outputs.append(h)
    return torch.stack(outputs), h, c


class CustomLSTM(nn.Module):
    """The same weights as an nn.LSTM, with the compiled steps."""

    def __init__(self, recurrent):
        super().__init__()
        self.layers = recurrent.num_layers
        self.weights = nn.ParameterList([p for p in recurrent.parameters() if p.requires_grad])

    def forward(self, x, state):
        hs, cs = [], []
        for l in range(self.layers):
            Wx, Wh, b = (self.weights[3 * l + i] for i in range(3))
            zeros = torch.zeros(x.shape[1], Wh.shape[1])
            h, c = (zeros, zeros) if state is None else (state[0][l], state[1][l])
            x, h, c = custom_layer(x, h, c, Wx, Wh, b)
            hs.append(h)
            cs.append(c)
        return x, (torch.stack(hs), torch.stack(cs))


def optimizer(parameters, rule, rate):
    if rule == 'adam':
        return torch.optim.Adam(parameters, rate)
    if rule == 'adagrad':
        return torch.optim.Adagrad(parameters, rate)
    return torch.optim.SGD(parameters, rate)


class RecurrentJS:
    """RecurrentJS's RMSProp clips between its average and its step; PyTorch's has no such order."""

    def __init__(self, parameters, rate, clip, l2):
        self.parameters, self.rate, self.clip, self.l2 = parameters, rate, clip, l2
        self.squares = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(self):
        for p, square in zip(self.parameters, self.squares):
            square.mul_(0.999).addcmul_(p.grad, p.grad, value=0.001)
            direction = p.grad.clamp(-self.clip, self.clip).div_((square + 1e-8).sqrt_())
            p.sub_(direction.mul_(self.rate).add_(p, alpha=self.l2))

    def zero_grad(self, set_to_none=True):
        for p in self.parameters:
            p.grad = None


def detached(state):
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


def learner(statement, model):
    learning, window = statement['learning'], statement['window']
    parameters = [p for p in model.parameters() if p.requires_grad]
    own = learning['rule'] == 'recurrentjs-rmsprop'
    if own:
        optim = RecurrentJS(parameters, learning['rate'], learning['clipValue'], learning['l2'])
    else:
        optim = optimizer(parameters, learning['rule'], learning['rate'])
    source, reach = windows(statement), learning.get('reach')
    state = None

    def reaching(inputs, targets):
        # All windows of reach + 1 steps side by side, each from the state before it; each but the first tells of its last step alone.
        count = window - reach
        with torch.no_grad():
            outputs, _ = model.recurrent(model.embedding(inputs))
            starts = torch.cat([torch.zeros_like(outputs[:1, 0]), outputs[: count - 1, 0]])[None]
        ids = inputs[torch.arange(reach + 1)[:, None] + torch.arange(count)[None], 0]
        outputs, _ = model.recurrent(model.embedding(ids), starts)
        return cross_entropy(model.output(torch.cat([outputs[:reach, 0], outputs[reach]])), targets.ravel())

    def step():
        nonlocal state
        read, follow, anew = next(source)
        inputs, targets = torch.from_numpy(read), torch.from_numpy(follow)
        if reach is not None:
            loss = reaching(inputs, targets)
        else:
            logits, last = model(inputs, None if anew else state)
            state = detached(last)
            loss = cross_entropy(logits.flatten(0, 1), targets.ravel())
        optim.zero_grad(set_to_none=True)
        (loss * window if learning['lossPer'] == 'sequence' else loss).backward()
        if 'clipNorm' in learning:
            clip_grad_norm_(parameters, learning['clipNorm'])
        elif 'clipValue' in learning and not own:
            clip_grad_value_(parameters, learning['clipValue'])
        optim.step()
        return loss.item()

    @torch.no_grad()
    def evaluate():
        losses, carried = [], None
        for read, follow, _ in windows(statement['heldOut'] | {'kind': 'text'}, again=False):
            logits, carried = model(torch.from_numpy(read), carried)
            losses.append(cross_entropy(logits.flatten(0, 1), torch.from_numpy(follow).ravel()).item())
        return sum(losses) / len(losses)

    return step, evaluate


def generator(statement, model):
    state, token, choose = None, 0, Sampler(statement['sampling'])

    @torch.inference_mode()
    def read(token):
        nonlocal state
        logits, state = model(torch.tensor([[token]]), state)
        return logits[0, 0].numpy()

    def step():
        nonlocal token
        token = choose(read(token))
        return token

    return step, prompt_loss(statement, read)


def start(statement):
    model = Model(statement)
    if statement.get('custom'):
        model.recurrent = CustomLSTM(model.recurrent)
    versions = f'torch {torch.__version__}, {blas()}, Python {sys.version.split()[0]}'
    if statement['kind'] == 'generation':
        model.eval()
        step, loss = generator(statement, model)
        return Running(versions, step, loss)
    step, evaluate = learner(statement, model)
    return Running(versions, step, evaluate=evaluate)


serve_running(start)
