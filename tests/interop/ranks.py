"""
Trains as a process of torchrun, or alone, what ddp.test.ts compares: a folder to its number of steps, and so on with all that are given.
The weights that each rank ends with, or why it did not train, are written beside.

    ranks.py FOLDER STEPS …
"""
import os
import sys

import torch
import torch.distributed as dist

torch.set_num_threads(1)
for name, alone in [('MASTER_ADDR', '127.0.0.1'), ('MASTER_PORT', '29711'), ('RANK', '0'), ('WORLD_SIZE', '1')]:
    os.environ.setdefault(name, alone)
dist.init_process_group('gloo')
sys.path.insert(0, sys.argv[1])
from files import write_safetensors
from train_ddp import train

for folder, steps in zip(sys.argv[1::2], sys.argv[2::2]):
    try:
        tensors, metadata = train(folder, int(steps)).state_dict(), {}
    except SystemExit as refused:
        tensors, metadata = {}, {'refused': str(refused)}
    write_safetensors(os.path.join(folder, f'rank-{dist.get_rank()}'), tensors, metadata)
dist.destroy_process_group()
