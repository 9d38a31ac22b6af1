"""Computes with torch what torch.test.ts compares: reads job.json in the folder that is named, writes results.json there."""
import json
import os
import sys

import torch
from torch import nn

folder = sys.argv[1]
sys.path.insert(0, os.path.join(folder, 'pt'))
from files import write_safetensors
from generate import generate
from model import load, save
from vocabulary import Vocabulary, read_corpus

torch.set_num_threads(1)
with open(os.path.join(folder, 'job.json')) as file:
    job = json.load(file)
steps, batch = job['steps'], job['batch']
path = lambda name: os.path.join(folder, name)
sequence = lambda ids: torch.tensor(ids).reshape(steps, batch)
flat = lambda tensor: tensor.flatten().tolist()


def state_of(values, layers):
    parts = [torch.tensor(values[name]).reshape(layers, batch, -1) for name in values]
    return tuple(parts) if len(parts) > 1 else parts[0]


def forward(model, ids, state):
    with torch.no_grad():
        logits, after = model.eval()(sequence(ids), state)
    after = after if isinstance(after, tuple) else (after,)
    return {'logits': flat(logits), 'state': {name: flat(part) for name, part in zip('hc', after)}}


def train(model, batches, rate):
    model.train()
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], rate)
    losses = []
    for ids, targets in batches:
        logits, _ = model(sequence(ids))
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), torch.tensor(targets))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def compared(one):
    model, _, metadata = load(path(one['file']))
    state = state_of(one['state'], one['layers'])
    before = forward(model, one['ids'], state)
    losses = train(model, one['batches'], job['rate'])
    save(path(one['file'] + '.trained'), model, metadata)
    return {**before, 'losses': losses, 'trained': forward(model, one['ids'], state)}


class Theirs(nn.Module):
    """A module as people write it, with both biases as they start."""

    def __init__(self, kind, layers, tied):
        super().__init__()
        self.drop = nn.Dropout(0.5)
        self.encoder = nn.Embedding(job['theirs']['tokens'], 6)
        self.rnn = kind(6, 6 if tied else 5, layers)
        self.decoder = nn.Linear(6 if tied else 5, job['theirs']['tokens'])
        if tied:
            self.decoder.weight = self.encoder.weight

    def forward(self, tokens, state=None):
        output, state = self.rnn(self.drop(self.encoder(tokens)), state)
        return self.decoder(self.drop(output)), state


def theirs(name, kind, layers, tied):
    torch.manual_seed(layers)
    model = Theirs(kind, layers, tied)
    write_safetensors(path(name), model.state_dict(), {'format': 'pt'})
    return forward(model, job['theirs']['ids'], None)['logits']


def written(one):
    model, vocabulary, _ = load(path(one['file']))
    return vocabulary.decode(generate(model, vocabulary, one['prompt'], one['length'], temperature=0))


def corpus(name):
    tokens, offsets = read_corpus(path(name))
    return {'tokens': tokens.tolist(), 'offsets': None if offsets is None else offsets.tolist()}


results = {
    'cases': [compared(one) for one in job['cases']],
    'theirs': {
        f'{kind.__name__}-{layers}-{tied}': theirs(f'{kind.__name__}-{layers}-{tied}', kind, layers, tied)
        for kind in (nn.LSTM, nn.GRU, nn.RNN)
        for layers in (1, 2)
        for tied in (False, True)
    },
    'encoded': [Vocabulary(one['vocabulary']).encode(one['text']) for one in job['texts']],
    'written': [written(one) for one in job['written']],
    'corpora': [corpus(name) for name in job['corpora']],
}
with open(path('results.json'), 'w') as file:
    json.dump(results, file)
