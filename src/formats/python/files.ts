/** Python: safetensors, read and written with torch alone. */
export const filesPy = String.raw`"""Reads and writes .safetensors files. Needs torch, and no package besides."""
import array
import json
import os
import struct

import torch


def read_safetensors(path):
    """The float32 tensors of a file by name, and its metadata: strings by name."""
    with open(path, 'rb') as file:
        data = bytearray(file.read())
    (length,) = struct.unpack('<Q', data[:8])
    start = 8 + length
    header = json.loads(data[8:start])
    metadata = header.pop('__metadata__', {})
    tensors = {}
    for name, entry in header.items():
        if entry['dtype'] != 'F32':
            raise ValueError(f"{path}: tensor '{name}' has the type {entry['dtype']}; only F32 is read")
        begin, end = entry['data_offsets']
        values = torch.frombuffer(data, dtype=torch.float32, count=(end - begin) // 4, offset=start + begin)
        tensors[name] = values.reshape(entry['shape']).clone()
    return tensors, metadata


def write_safetensors(path, tensors, metadata):
    """Replaces a file, or leaves the one that is there as it was."""
    header, parts, end = {'__metadata__': metadata}, [], 0
    for name, tensor in tensors.items():
        # Through Python's own arrays, since torch may have been installed without NumPy.
        part = array.array('f', tensor.detach().float().cpu().flatten().tolist()).tobytes()
        header[name] = {'dtype': 'F32', 'shape': list(tensor.shape), 'data_offsets': [end, end + len(part)]}
        end += len(part)
        parts.append(part)
    text = json.dumps(header, ensure_ascii=False, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with open(path + '.part', 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text)
        file.writelines(parts)
    os.replace(path + '.part', path)
`
