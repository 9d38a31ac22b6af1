/** Python: safetensors, read and written with torch alone. */
export const filesPy = String.raw`"""Reads and writes .safetensors files. Needs torch, and no package besides."""
import ctypes
import hashlib
import json
import os
import struct

import torch


UNSEALED = b'0' * 64


def read_safetensors(path):
    """The float32 tensors of a file by name, and its metadata: strings by name. Throws where the file has a checksum that does not fit."""
    with open(path, 'rb') as file:
        data = bytearray(file.read())
    if len(data) < 8:
        raise ValueError(f'{path}: is torn')
    (length,) = struct.unpack('<Q', data[:8])
    start = 8 + length
    header = json.loads(data[8:start])
    metadata = header.pop('__metadata__', {})
    checksum = metadata.pop('sha256', None)
    if checksum is not None and hashlib.sha256(data.replace(checksum.encode(), UNSEALED, 1)).hexdigest() != checksum:
        raise ValueError(f'{path}: is torn or was changed; its checksum does not fit')
    tensors = {}
    for name, entry in header.items():
        if entry['dtype'] != 'F32':
            raise ValueError(f"{path}: tensor '{name}' has the type {entry['dtype']}; only F32 is read")
        begin, end = entry['data_offsets']
        values = torch.frombuffer(data, dtype=torch.float32, count=(end - begin) // 4, offset=start + begin)
        tensors[name] = values.reshape(entry['shape']).clone()
    return tensors, metadata


def write_safetensors(path, tensors, metadata, sealed=False):
    """Replaces a file, or leaves the one that is there as it was. sealed: with a checksum of the whole"""
    if sealed:
        metadata = {'sha256': UNSEALED.decode(), **metadata}
    header, parts, end = {'__metadata__': metadata}, [], 0
    for name, tensor in tensors.items():
        values = tensor.detach().float().cpu().contiguous()
        # Not through NumPy, since torch may have been installed without it.
        part = ctypes.string_at(values.data_ptr(), 4 * values.numel())
        header[name] = {'dtype': 'F32', 'shape': list(tensor.shape), 'data_offsets': [end, end + len(part)]}
        end += len(part)
        parts.append(part)
    text = json.dumps(header, ensure_ascii=False, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    parts = [struct.pack('<Q', len(text)), text, *parts]
    if sealed:
        checksum = hashlib.sha256()
        for part in parts:
            checksum.update(part)
        parts[1] = text.replace(UNSEALED, checksum.hexdigest().encode(), 1)
    replace(path, parts)


def replace(path, parts):
    """Writes a file anew, whole or not at all, also when the power fails."""
    with open(path + '.part', 'wb') as file:
        file.writelines(parts)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + '.part', path)
`
