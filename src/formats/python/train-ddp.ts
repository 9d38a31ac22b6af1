/** Python: goes on with a run in PyTorch, on any number of processes and machines. */
export const trainDdpPy = String.raw`"""
Goes on with the run of this folder, on any number of processes and machines:

    torchrun --standalone --nproc_per_node 2 train_ddp.py

Every process (a rank) has the whole network and reads its share of the streams; after each window their gradients are averaged, so that
all take the same step. What is computed is what Unrolled computes, to rounding: the same windows and carried states, loss, clipping,
schedule and optimizer. Only dropout draws other numbers.

Rank 0 writes checkpoints, whole or not at all, that hold everything. Whoever starts goes on from the newest that any rank finds; so with
--max_restarts a killed rank costs the steps since then, and the number of ranks may be another one each time.
"""
import argparse
import json
import math
import os
import re
import sys
import time

import torch
import torch.distributed as dist
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from files import read_safetensors, replace, write_safetensors
from model import LanguageModel, save, set_tensors, tensors_of
from vocabulary import Vocabulary
from windows import reading

# By rule: torch's optimizer with the settings of ours, whose equations are the same; and by our name of what it remembers, theirs.
RULES = {
    'adam': (torch.optim.Adam, {'betas': (0.9, 0.999), 'eps': 1e-8}, {'first': 'exp_avg', 'second': 'exp_avg_sq'}),
    'adamw': (
        torch.optim.AdamW,
        {'betas': (0.9, 0.999), 'eps': 1e-8, 'weight_decay': 0.01},
        {'first': 'exp_avg', 'second': 'exp_avg_sq'},
    ),
    'rmsprop': (torch.optim.RMSprop, {'alpha': 0.99, 'eps': 1e-8}, {'squares': 'square_avg'}),
    'adagrad': (torch.optim.Adagrad, {'eps': 1e-10}, {'squares': 'sum'}),
    'sgd': (torch.optim.SGD, {'momentum': 0.9}, {'velocity': 'momentum_buffer'}),
}


def checkpoints(folder):
    """Steps and files of the checkpoints in a folder, the newest first."""
    folder = os.path.join(folder, 'checkpoints')
    names = [re.fullmatch(r'step-(\d{9,})\.safetensors', name) for name in os.listdir(folder)]
    return sorted(((int(name[1]), os.path.join(folder, name[0])) for name in names if name), reverse=True)


def newest_checkpoint(folder):
    """The newest that is whole, of all that any rank finds, as every rank's (tensors, metadata)."""
    found = None
    for step, path in checkpoints(folder):
        try:
            found = (step, path, read_safetensors(path))
            break
        except (OSError, ValueError) as error:
            print(f'passed over: {error}', file=sys.stderr)
    steps = [None] * dist.get_world_size()
    dist.all_gather_object(steps, found[0] if found else -1)
    if max(steps) < 0:
        raise SystemExit(f'{folder}: has no checkpoint that is whole')
    box = [found and found[2]]
    # On several machines without a disk in common, only one has it.
    dist.broadcast_object_list(box, src=steps.index(max(steps)))
    return box[0]


def learning_rate(training, step, learnt):
    """Of the step after so many steps. learnt: what the schedule remembers, where it does."""
    rate, steps = training['learningRate'], training['steps']
    if training['schedule'] == 'constant':
        return rate
    if training['schedule'] == 'halve-on-rise':
        return learnt['rate']
    warm_up, floor = min(20, steps - 1), rate / 100
    if step < warm_up:
        return rate * (step + 1) / warm_up
    progress = min(1, (step - warm_up) / (steps - warm_up))
    return floor + (rate - floor) * (1 + math.cos(math.pi * progress)) / 2


def clip(parameters, training):
    """Limits gradients, and adds those of the weights' own part of the loss; returns their norm before."""
    norm = math.sqrt(sum(p.grad.square().sum().item() for p in parameters))
    for p in parameters:
        p.grad.mul_(min(1, training['clipNorm'] / max(norm, 1e-12)))
        if 'clipValue' in training:
            p.grad.clamp_(-training['clipValue'], training['clipValue'])
        p.grad.add_(p.detach(), alpha=training['l2'])
    return norm


@torch.no_grad()
def measure(model, held_out, device):
    """Nats a token on what is held out."""
    model.eval()
    nats, tokens, state = 0, 0, None
    for index in range(held_out.windows_per_epoch):
        inputs, targets, starts_anew = held_out.window(index)
        logits, state = model(inputs.to(device), None if starts_anew else state)
        nats += cross_entropy(logits.flatten(0, 1), targets.flatten().to(device), ignore_index=-1, reduction='sum').item()
        tokens += (targets >= 0).sum().item()
    model.train()
    return nats / tokens


class Log:
    """A JSON object a line, on standard output and in log.jsonl: the same lines as of a run."""

    def __init__(self, path, step):
        lines = []
        with open(path, 'a+', encoding='utf-8', errors='replace') as file:
            file.seek(0)
            for line in file:
                try:
                    lines.append((json.loads(line)['step'], line))
                except ValueError:
                    pass  # It was being written when the process was killed.
        # What was logged after the step that is gone on from will be done again.
        while lines and lines[-1][0] > step:
            lines.pop()
        replace(path, [''.join(line for _, line in lines).encode()])
        self.file = open(path, 'a', encoding='utf-8')

    def __call__(self, event, step, **rest):
        line = json.dumps({'event': event, 'step': step, **rest})
        print(line, flush=True)
        print(line, file=self.file, flush=True)


def train(folder, steps=None):
    """Trains to the end, in a process group that is there, and returns the model. steps: how many in all; default: as config.json says"""
    rank, ranks = dist.get_rank(), dist.get_world_size()
    device = torch.device('cuda', torch.cuda.current_device()) if dist.get_backend() == 'nccl' else torch.device('cpu')
    path = lambda *names: os.path.join(folder, *names)
    with open(path('config.json'), encoding='utf-8') as file:
        config = json.load(file)
    training = config['training']
    is_changed = steps is not None and steps != training.get('steps')
    if is_changed:
        training['steps'] = steps
    batch = training['streams']
    if 'steps' not in training:
        raise SystemExit('steps: are not known; this run ends by other limits, so say with --steps how many there shall be')
    if 'reach' in training:
        raise SystemExit(f"reach: {training['reach']}; PyTorch's layers send gradients back through all of a window")
    if batch % ranks != 0:
        raise SystemExit(f'streams: {batch} cannot be divided evenly among {ranks} ranks; choose a number of ranks that divides {batch}')

    # All that the next steps depend on comes from the checkpoint.
    tensors, metadata = newest_checkpoint(folder)
    saved = json.loads(metadata.pop('training'))
    step, progress = saved['step'], saved['state']
    batches, held_out = reading(folder, training)
    fingerprint = {
        'rule': training['optimizer'],
        'batch': batch,
        'windowsPerEpoch': batches.windows_per_epoch,
        'seed': training['seed'],
    }
    for name, here in fingerprint.items():
        if saved['fingerprint'][name] != here:
            raise SystemExit(f"the checkpoint was made with {name} {saved['fingerprint'][name]}; this training has {here}")
    if training['steps'] < step:
        raise SystemExit(f"steps: {training['steps']}; the run has taken {step} already")
    if is_changed and rank == 0:
        replace(path('config.json'), [json.dumps(config, indent=2).encode()])

    model = LanguageModel(len(Vocabulary(json.loads(metadata['vocabulary'])).tokens), **json.loads(metadata['config']))
    set_tensors(model, tensors)
    model.to(device).train()
    # It divides the sum of the ranks' gradients by their number.
    parallel = DistributedDataParallel(model)

    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    parameters = [p for _, p in named]
    rule, settings, slots = RULES[training['optimizer']]
    optimizer = rule(parameters, lr=training['learningRate'], **settings)
    for name, p in named:
        moments = {theirs: tensors[f'optimizer.{ours}.{name}'].to(device) for ours, theirs in slots.items()}
        optimizer.state[p] = {'step': torch.tensor(float(step)), **moments}

    # The states of the streams, [layers, B, hidden]: h, and c of an LSTM; of this rank's streams alone.
    parts = [part for part in 'hc' if f'state.0.{part}' in tensors]
    layers = range(model.rnn.num_layers)
    own = slice(rank * batch // ranks, (rank + 1) * batch // ranks)
    state = [torch.stack([tensors[f'state.{layer}.{part}'] for layer in layers])[:, own].contiguous().to(device) for part in parts]

    def write_checkpoint():
        gathered = []
        for part in state:
            pieces = [torch.empty_like(part) for _ in range(ranks)]
            dist.all_gather(pieces, part.contiguous())
            gathered.append(torch.cat(pieces, 1))
        if rank != 0:
            return
        content = tensors_of(model)
        for ours, theirs in slots.items():
            content.update({f'optimizer.{ours}.{name}': optimizer.state[p][theirs] for name, p in named})
        for layer in layers:
            content.update({f'state.{layer}.{name}': part[layer] for name, part in zip(parts, gathered)})
        kernels = f'torch {torch.__version__}'
        now = {**saved, 'step': step, 'state': progress, 'fingerprint': {**saved['fingerprint'], 'kernels': kernels}}
        described = {'kernels': kernels, 'history': json.dumps(progress['history']), 'training': json.dumps(now)}
        write_safetensors(path('checkpoints', f'step-{step:09}.safetensors'), content, {**metadata, **described}, sealed=True)
        for _, old in checkpoints(folder)[training['keep']:]:
            os.remove(old)

    def validate():
        """By rank 0, since it takes little; all are told, since the schedule may look at it."""
        box = [measure(model, held_out, device) if rank == 0 else None]
        dist.broadcast_object_list(box)
        nats, best, learnt = box[0], progress['best'], saved.get('schedule')
        if learnt:
            if learnt['previous'] is not None and not nats <= learnt['previous']:
                learnt['rate'] *= 0.5
            if math.isfinite(nats):
                learnt['previous'] = nats
        validated = {'step': step, 'training': progress['smoothed'], 'nats': nats if math.isfinite(nats) else None}
        is_best = math.isfinite(nats) if best is None else nats < best['nats']
        progress['best'] = validated if is_best else best
        progress['validationsSinceBest'] = 0 if is_best else progress['validationsSinceBest'] + 1
        progress['history'].append(validated)
        if rank == 0:
            log('validation', step, seconds=progress['seconds'], nats=validated['nats'], best=is_best)
            if is_best:
                save(path('best.safetensors'), model, metadata, progress['history'])

    if rank == 0:
        log = Log(path('log.jsonl'), step)
        log('resumed', step, ranks=ranks, device=str(device), torch=torch.__version__)
    while step < training['steps']:
        start = time.perf_counter()
        # Dropout draws by step and rank, so that what is done again is done the same.
        torch.manual_seed(((training['seed'] * 1_000_003 + step) * 1_009 + rank) % 2**63)
        inputs, targets, starts_anew = batches.window(step)
        predicted = (targets >= 0).sum().item()
        if starts_anew:
            state = [torch.zeros_like(part) for part in state]
        logits, after = parallel(inputs[:, own].to(device), tuple(state) if len(state) > 1 else state[0])
        state = [part.detach() for part in (after if isinstance(after, tuple) else (after,))]
        nats = cross_entropy(logits.flatten(0, 1), targets[:, own].flatten().to(device), ignore_index=-1, reduction='sum')
        # The loss is the mean over the tokens of all ranks, which may have different numbers of them.
        optimizer.zero_grad()
        (nats * ranks / predicted).backward()
        total = nats.detach().clone()
        dist.all_reduce(total)
        loss, norm = total.item() / predicted, clip(parameters, training)
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise SystemExit(f'step {step + 1}: the loss is {loss}, the norm of the gradient {norm}; no step was taken. A lower rate helps most often')
        rate = learning_rate(training, step, saved.get('schedule')) * saved['rateFactor']
        for group in optimizer.param_groups:
            group['lr'] = rate
        optimizer.step()
        step += 1
        seconds = time.perf_counter() - start
        progress['seconds'] += seconds
        progress['smoothed'] = loss if progress['smoothed'] is None else 0.98 * progress['smoothed'] + 0.02 * loss
        if rank == 0 and (step % training['logEvery'] == 0 or step == training['steps']):
            log('step', step, epoch=step / batches.windows_per_epoch, loss=loss, learningRate=rate, gradientNorm=norm,
                tokensPerSecond=round(predicted / seconds), seconds=progress['seconds'])
        if held_out and (step % training['validateEvery'] == 0 or step == training['steps']):
            validate()
        if step % training['checkpointEvery'] == 0 or step == training['steps']:
            write_checkpoint()
    if rank == 0:
        save(path('model.safetensors'), model, metadata, progress['history'])
        log('end', step, reason='steps', seconds=progress['seconds'])
    return model


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--steps', type=int, help='how many in all; default: as the run was told')
    options = parser.parse_args()
    if 'WORLD_SIZE' not in os.environ:
        raise SystemExit('start it with torchrun, as in: torchrun --standalone --nproc_per_node 1 train_ddp.py')
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ['LOCAL_RANK']))
    dist.init_process_group('nccl' if torch.cuda.is_available() else 'gloo')
    train(os.path.dirname(os.path.abspath(__file__)), options.steps)
    dist.destroy_process_group()
`
