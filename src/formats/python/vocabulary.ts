/** Python: which token is which number, and texts that are tokens already. */
export const vocabularyPy = String.raw`"""Text as tokens, and tokens as text."""
import hashlib
import json
import re
import struct
import unicodedata

import torch

HAN = '\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af'


def words(text):
    """Words and signs, each with the one space before it, and runs of other white space: side by side they are the text."""
    marks = ''.join(chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) in ('Mn', 'Mc', 'Me', 'Cf'))
    letter = rf'(?:[^\W{HAN}]|[{re.escape(marks)}])'
    token = rf"{letter}+(?:['’]{letter}+)*|[^\s][{re.escape(marks)}]*"
    return re.findall(rf'\s+(?= \S)| ?(?:{token})|\s+', text)


class Vocabulary:
    def __init__(self, saved):
        """saved: the vocabulary as the metadata has it, parsed."""
        self.kind = saved['kind']
        self.lower_case = saved['lowerCase']
        special = (['<unknown>'] if saved['unknown'] else []) + (['<start>', '<end>'] if saved['documents'] else [])
        self.first = len(special)
        self.unknown = 0 if saved['unknown'] else None
        self.start = special.index('<start>') if saved['documents'] else None
        self.end = special.index('<end>') if saved['documents'] else None
        own = [chr(byte) if byte < 0x80 else f'<0x{byte:02X}>' for byte in range(256)] if self.kind == 'bytes' else saved['tokens']
        self.tokens = special + own
        self.indices = {token: self.first + index for index, token in enumerate(own)}
        self.longest = max(map(len, own))

    def encode(self, text):
        """The number of each token of a text."""
        if self.kind == 'bytes':
            return [self.first + byte for byte in text.encode()]
        if self.lower_case:
            text = text.lower()
        return [self.index_of(piece) for piece in (words(text) if self.kind == 'words' else self.characters(text))]

    def characters(self, text):
        # A character may be several code points, such as a flag: the longest one that is known.
        at = 0
        while at < len(text):
            sizes = range(min(self.longest, len(text) - at), 0, -1)
            size = next((size for size in sizes if text[at:at + size] in self.indices), 1)
            yield text[at:at + size]
            at += size

    def index_of(self, token):
        index = self.indices.get(token, self.unknown)
        if index is None:
            raise ValueError(f"'{token}' is not in this model's vocabulary of {len(self.tokens)}")
        return index

    def decode(self, indices):
        """The text that these tokens spell."""
        if self.kind == 'bytes':
            return bytes(index - self.first for index in indices if index >= self.first).decode(errors='replace')
        texts = [self.tokens[index] if index >= self.first else '\ufffd' if index == self.unknown else '' for index in indices]
        # What JavaScript keeps apart may be halves of one character.
        return ''.join(texts).encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')


def read_corpus(path):
    """The tokens of corpus.bin; and where each of its documents begins and the last one ends, or None if it is one stream."""
    with open(path, 'rb') as file:
        data = bytearray(file.read())
    if data[:4] != b'UNRC' or hashlib.sha256(data[:-32]).digest() != data[-32:]:
        raise ValueError(f'{path}: is no corpus, or is torn')
    (length,) = struct.unpack('<I', data[4:8])
    header = json.loads(data[8:8 + length])
    size = len(Vocabulary(header['vocabulary']).tokens)
    at, offsets = 8 + length, None
    if header['documents'] is not None:
        offsets = torch.frombuffer(data, dtype=torch.int32, count=header['documents'] + 1, offset=at).long() & 0xffffffff
        at += 4 * len(offsets)
    kind = torch.uint8 if size <= 0x100 else torch.int16 if size <= 0x10000 else torch.int32
    tokens = torch.frombuffer(data, dtype=kind, count=header['tokens'], offset=at).long()
    # torch has no unsigned numbers of 16 bits.
    return tokens & 0xffff if kind == torch.int16 else tokens, offsets
`
