"""Reads safetensors files as strictly as their format is published, with nothing but Python; knows nothing of Unrolled.

    python3 read_safetensors.py FILE...

The rules are those under "Format" in https://github.com/huggingface/safetensors/blob/main/README.md. Prints, as JSON, for each file its
metadata and for each tensor its shape and its float32 values as hexadecimal bytes; or the rule that a file breaks.
"""

import json
import struct
import sys

SIZES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8,
}


def require(holds, rule):
    if not holds:
        raise ValueError(rule)


def without_duplicates(pairs):
    keys = [key for key, _ in pairs]
    require(len(set(keys)) == len(keys), "duplicate keys are disallowed")
    return dict(pairs)


def whole(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def read(path):
    with open(path, "rb") as file:
        content = file.read()
    require(len(content) >= 8, "8 bytes: N, an unsigned little-endian 64-bit integer")
    (length,) = struct.unpack("<Q", content[:8])
    require(length <= 100_000_000, "the header is at most 100 MB")
    require(8 + length <= len(content), "N bytes: the header")
    header = content[8 : 8 + length].decode("utf-8")
    require(header.startswith("{"), "the header must begin with {")
    require(header.rstrip(" ").endswith("}"), "the header may be trailing padded with whitespace (0x20)")
    entries = json.loads(header, object_pairs_hook=without_duplicates)
    metadata = entries.pop("__metadata__", {})
    require(
        isinstance(metadata, dict) and all(isinstance(value, str) for value in metadata.values()),
        "__metadata__ is a map of text to text",
    )
    data = content[8 + length :]
    tensors = {}
    for name, entry in entries.items():
        require(set(entry) == {"dtype", "shape", "data_offsets"}, f"{name}: dtype, shape and data_offsets")
        dtype, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        require(dtype in SIZES, f"{name}: dtype {dtype}")
        require(all(map(whole, [*shape, begin, end])), f"{name}: sizes and offsets are whole numbers")
        count = 1
        for size in shape:
            count *= size
        require(begin <= end <= len(data), f"{name}: offsets lie within the data")
        require(end - begin == count * SIZES[dtype], f"{name}: as many bytes as its shape says")
        tensors[name] = (begin, end, dtype, shape)
    at = 0
    for begin, end, _, _ in sorted(tensors.values(), key=lambda tensor: tensor[:2]):
        require(begin == at, "the byte buffer needs to be entirely indexed, and cannot contain holes")
        at = end
    require(at == len(data), "the byte buffer needs to be entirely indexed, and cannot contain holes")
    return {
        "metadata": metadata,
        "tensors": {
            name: {"dtype": dtype, "shape": shape, "bytes": data[begin:end].hex()}
            for name, (begin, end, dtype, shape) in tensors.items()
        },
    }


def read_or_refuse(path):
    try:
        return read(path)
    except ValueError as error:
        return {"refused": str(error)}


json.dump([read_or_refuse(path) for path in sys.argv[1:]], sys.stdout)
