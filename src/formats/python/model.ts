/** Python: the network of a language model, as a module of torch. */
export const modelPy = String.raw`"""The network: an embedding, recurrent layers, a linear layer. Loads and saves the files that Unrolled reads and writes."""
import json

import torch
from torch import nn

from files import read_safetensors, write_safetensors
from vocabulary import Vocabulary


class GRUResetBefore(nn.Module):
    """A GRU whose reset gate acts on the state, as first published (Cho et al. 2014); nn.GRU's acts on the product."""

    def __init__(self, input_size, hidden_size, num_layers, dropout):
        super().__init__()
        self.hidden_size, self.num_layers, self.dropout = hidden_size, num_layers, dropout
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size
            for name, rows in [('Wx', width), ('Wh', hidden_size), ('b', 1)]:
                values = torch.empty(rows, 3 * hidden_size).uniform_(-hidden_size**-0.5, hidden_size**-0.5)
                self.register_parameter(f'{name}_l{layer}', nn.Parameter(values))

    def forward(self, x, state=None):
        if state is None:
            state = x.new_zeros(self.num_layers, x.shape[1], self.hidden_size)
        last = []
        for layer in range(self.num_layers):
            Wx, Wh, b = (getattr(self, f'{name}_l{layer}') for name in ('Wx', 'Wh', 'b'))
            gates, candidates = Wh.split([2 * self.hidden_size, self.hidden_size], 1)
            h, outputs = state[layer], []
            for step in x @ Wx + b:
                rz, n = step.split([2 * self.hidden_size, self.hidden_size], 1)
                r, z = torch.sigmoid(rz + h @ gates).chunk(2, 1)
                candidate = torch.tanh(n + (r * h) @ candidates)
                h = candidate + z * (h - candidate)
                outputs.append(h)
            last.append(h)
            x = torch.stack(outputs)
            if layer + 1 < self.num_layers:
                x = nn.functional.dropout(x, self.dropout, self.training)
        return x, torch.stack(last)


def recurrent(cell, input_size, hidden_size, num_layers, dropout):
    dropout = dropout if num_layers > 1 else 0
    if cell == 'lstm':
        return nn.LSTM(input_size, hidden_size, num_layers, dropout=dropout)
    if cell == 'gru':
        return nn.GRU(input_size, hidden_size, num_layers, dropout=dropout)
    if cell == 'gru-reset-before':
        return GRUResetBefore(input_size, hidden_size, num_layers, dropout)
    nonlinearity = 'relu' if cell == 'rnn-relu' else 'tanh'
    return nn.RNN(input_size, hidden_size, num_layers, nonlinearity=nonlinearity, dropout=dropout)


def freeze_second_biases(rnn):
    """
    torch has two biases a layer, of which only the sum counts; trained both, the sum would move at twice the rate. The second stays zero,
    but for the candidate of a GRU, which has a bias of its own inside the reset.
    """
    for name, parameter in rnn.named_parameters():
        if not name.startswith('bias_hh'):
            continue
        if isinstance(rnn, nn.GRU):
            mask = torch.zeros(3 * rnn.hidden_size)
            mask[2 * rnn.hidden_size:] = 1
            parameter.register_hook(lambda grad, mask=mask: grad * mask.to(grad))
        else:
            parameter.requires_grad_(False)


class LanguageModel(nn.Module):
    def __init__(self, tokens, cell, hidden, layers, embedding, dropout, tied):
        super().__init__()
        self.tied = tied
        self.embedding = nn.Embedding(tokens, embedding)
        self.rnn = recurrent(cell, embedding, hidden, layers, dropout)
        self.output = nn.Linear(hidden, tokens)
        if tied:
            self.output.weight = self.embedding.weight
        freeze_second_biases(self.rnn)

    def forward(self, tokens, state=None):
        """tokens: [time, batch] -> logits: [time, batch, vocabulary], and the state after the last step."""
        output, state = self.rnn(self.embedding(tokens), state)
        return self.output(output), state


def set_tensors(model, tensors):
    """Sets the weights; what else is among the tensors stays out."""
    at = lambda name: tensors['embedding.weight' if model.tied and name == 'output.weight' else name]
    model.load_state_dict({name: at(name) for name in model.state_dict()})


def tensors_of(model):
    """The weights by name, each once."""
    return {name: tensor for name, tensor in model.state_dict().items() if not (model.tied and name == 'output.weight')}


def load(path):
    """The model of a file, its vocabulary, and the file's metadata. Of a checkpoint, only what is the model's."""
    tensors, metadata = read_safetensors(path)
    metadata.pop('training', None)
    vocabulary = Vocabulary(json.loads(metadata['vocabulary']))
    model = LanguageModel(len(vocabulary.tokens), **json.loads(metadata['config']))
    set_tensors(model, tensors)
    return model, vocabulary, metadata


def save(path, model, metadata, history=()):
    """A file that ${'`'}unrolled import${'`'} takes back. metadata: what load gave. history: validations"""
    metadata = {**metadata, 'kernels': f'torch {torch.__version__}', 'history': json.dumps(history)}
    write_safetensors(path, tensors_of(model), metadata)
`
