"""Trains, in PyTorch, the networks of Unrolled's tasks: from the weights and on the batches that it is given. See README.md, "Tasks in PyTorch"."""
import json
import struct
import sys
from time import perf_counter

import torch
from torch import nn
from torch.nn.functional import cross_entropy, dropout, softplus
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class Labels(nn.Module):
    """Layers that read each sequence from both ends, and a label for each, or for each step."""

    def __init__(self, sizes):
        super().__init__()
        tokens, width, hidden = sizes['tokens'], sizes['width'], sizes['hidden']
        self.each_step, self.dropout = sizes['eachStep'], sizes['dropout']
        if tokens:
            self.embedding = nn.Embedding(tokens, sizes['embedding'])
        rnn = {'gru': nn.GRU, 'lstm': nn.LSTM}[sizes['cell']]
        self.rnn = rnn((sizes['embedding'] if tokens else 0) + width, hidden, bidirectional=True)
        self.output = nn.Linear(2 * hidden, sizes['classes'])

    def loss(self, batch):
        lengths = batch['mask'].sum(0).long()
        # Rows without a sequence are at the end of a batch.
        count = int((lengths > 0).sum())
        x = batch['numbers'][:, :count] if 'numbers' in batch else self.embedding(batch['tokens'][:, :count].long().clamp(min=0))
        # Packed sequences are slower, and needed only where lengths differ.
        is_even = bool((lengths[:count] == x.shape[0]).all())
        output, state = self.rnn(x if is_even else pack_padded_sequence(x, lengths[:count], enforce_sorted=False))
        if self.each_step:
            read = output if is_even else pad_packed_sequence(output, total_length=x.shape[0])[0]
            targets = batch['targets'][:, :count]
        else:
            state = state[0] if isinstance(state, tuple) else state
            read = torch.cat([state[0], state[1]], 1)
            targets = batch['targets'][:count]
        logits = self.output(dropout(read, self.dropout))
        return cross_entropy(logits.flatten(0, -2), targets.flatten().long(), ignore_index=-1)


class Forecast(nn.Module):
    """An encoder reads; from each of its steps a decoder looks a horizon ahead; the head is a normal distribution."""

    def __init__(self, sizes):
        super().__init__()
        hidden, ahead = sizes['hidden'], sizes['ahead']
        self.encoder = nn.LSTM(sizes['inputs'], hidden)
        self.decoder = nn.LSTM(ahead, hidden)
        self.bridge = nn.ModuleDict({'h': nn.Linear(hidden, hidden), 'c': nn.Linear(hidden, hidden)})
        self.head = nn.Linear(hidden + ahead, 2)
        self.state = None

    def loss(self, batch):
        if batch['startsAnew'].item():
            self.state = None
        output, state = self.encoder(batch['inputs'], self.state)
        self.state = tuple(part.detach() for part in state)
        rows = output.flatten(0, 1)
        start = tuple(torch.tanh(self.bridge[name](rows))[None] for name in 'hc')
        decoded, _ = self.decoder(batch['ahead'], start)
        mean, raw = self.head(torch.cat([decoded, batch['ahead']], 2)).chunk(2, 2)
        scale = softplus(raw) + 1e-3
        nats = ((batch['targets'] - mean) / scale) ** 2 / 2 + torch.log(scale) + 0.9189385332046727
        return (nats * batch['mask']).sum() / batch['mask'].sum()


def only_one_bias(network):
    """PyTorch's recurrent layers have two biases where one is enough. Trained, the second would double the rate of the first."""
    for name, parameter in network.named_parameters():
        if 'bias_hh' in name:
            trained = torch.zeros_like(parameter)
            if parameter.numel() % 3 == 0 and any(isinstance(one, nn.GRU) for one in network.modules()):
                trained[2 * parameter.numel() // 3:] = 1  # of a GRU, the candidate's is one of its own
            parameter.register_hook(lambda gradient, trained=trained: gradient * trained)


def receive():
    """A message: 8 bytes of length, then a safetensors file, whose metadata say what it is."""
    size = sys.stdin.buffer.read(8)
    if len(size) < 8:
        return None
    content = sys.stdin.buffer.read(struct.unpack('<Q', size)[0])
    (length,) = struct.unpack('<Q', content[:8])
    header = json.loads(content[8:8 + length])
    said = json.loads(header.pop('__metadata__', {}).get('message', '{}'))
    data = bytearray(content[8 + length:])
    tensors = {}
    for name, entry in header.items():
        begin, end = entry['data_offsets']
        tensors[name] = torch.frombuffer(data, dtype=torch.float32, count=(end - begin) // 4, offset=begin).reshape(entry['shape'])
    return said, tensors


def send(said, tensors):
    header, parts, end = {'__metadata__': {'message': json.dumps(said)}}, [], 0
    for name, tensor in tensors.items():
        part = tensor.detach().contiguous().numpy().tobytes()
        header[name] = {'dtype': 'F32', 'shape': list(tensor.shape), 'data_offsets': [end, end + len(part)]}
        parts.append(part)
        end += len(part)
    text = json.dumps(header).encode()
    content = struct.pack('<Q', len(text)) + text + b''.join(parts)
    sys.stdout.buffer.write(struct.pack('<Q', len(content)) + content)
    sys.stdout.buffer.flush()


def main():
    torch.set_num_threads(1)
    task, weights = receive()
    torch.manual_seed(task['seed'])
    network = {'labels': Labels, 'forecast': Forecast}[task['network']](task['sizes'])
    network.load_state_dict({name: value.clone() for name, value in weights.items()})
    only_one_bias(network)
    decay = task['weightDecay']
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=decay) if decay else torch.optim.Adam(network.parameters())
    send({'versions': f'PyTorch {torch.__version__}'}, {})
    while True:
        message = receive()
        if message is None:
            return
        said, tensors = message
        if 'rate' not in said:
            send({}, network.state_dict())
            continue
        start = perf_counter()
        for group in optimizer.param_groups:
            group['lr'] = said['rate']
        optimizer.zero_grad(set_to_none=True)
        loss = network.loss(tensors)
        loss.backward()
        clip_grad_norm_(network.parameters(), 1)
        optimizer.step()
        value = loss.item()
        send({'loss': value, 'ms': (perf_counter() - start) * 1e3}, {})


main()
