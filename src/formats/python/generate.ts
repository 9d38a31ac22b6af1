/** Python: lets a model write. What nobody says is as it is here. */
export const generatePy = ({
  length,
  temperature,
  seed,
}: {
  length: number
  temperature: number
  seed: number
}): string => String.raw`"""Lets the model write: python3 generate.py --prompt 'The '"""
import argparse
import os

import torch

from model import load


@torch.no_grad()
def generate(model, vocabulary, prompt='', length=${length}, temperature=${temperature}, seed=${seed}):
    """Yields tokens, until the end of a document where there are such. temperature 0: always the most likely one."""
    model.eval()
    random = torch.Generator().manual_seed(seed)
    ids = ([] if vocabulary.start is None else [vocabulary.start]) + vocabulary.encode(prompt)
    if not ids:
        ids = [vocabulary.indices.get(' ', vocabulary.first)]
    logits, state = model(torch.tensor(ids).unsqueeze(1))
    for _ in range(length):
        scores = logits[-1, 0]
        for never in (vocabulary.unknown, vocabulary.start):
            if never is not None:
                scores[never] = -torch.inf
        if temperature == 0:
            token = int(scores.argmax())
        else:
            token = int(torch.multinomial(torch.softmax(scores / temperature, 0), 1, generator=random))
        if token == vocabulary.end:
            return
        yield token
        logits, state = model(torch.tensor([[token]]), state)


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--model', default=os.path.join(os.path.dirname(os.path.abspath(__file__)), 'model.safetensors'))
    parser.add_argument('--prompt', default='')
    parser.add_argument('--length', type=int, default=${length})
    parser.add_argument('--temperature', type=float, default=${temperature})
    parser.add_argument('--seed', type=int, default=${seed})
    options = vars(parser.parse_args())
    model, vocabulary, _ = load(options.pop('model'))
    print(options['prompt'] + vocabulary.decode(generate(model, vocabulary, **options)))
`
