"""GGUF version 3, reading and writing, with the four tensor types of the demo: F32, F16, Q8_0, I32."""
import struct

import numpy as np

from gguf_names import F16, F32, I32, Q8_0

ALIGNMENT = 32
SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
U32, FLOAT, BOOL, STRING, ARRAY, INT32 = 4, 6, 7, 8, 9, 5


# ---- tensor data -----------------------------------------------------------------------------------------------------

def encode(x, kind):
    if kind == F32:
        return x.astype("<f4").tobytes()
    if kind == F16:
        return x.astype("<f2").tobytes()
    if kind == I32:
        return x.astype("<i4").tobytes()
    blocks = x.astype(np.float32).reshape(-1, 32)
    d = (np.abs(blocks).max(1, keepdims=True) / 127).astype("<f2")
    step = d.astype(np.float32)
    q = np.rint(np.divide(blocks, step, out=np.zeros_like(blocks), where=step > 0)).clip(-127, 127).astype(np.int8)
    return np.concatenate([d.view(np.uint8), q.view(np.uint8)], 1).tobytes()


def decode(data, dims, kind):
    shape = tuple(reversed(dims))
    if kind == F32:
        return np.frombuffer(data, "<f4").reshape(shape)
    if kind == F16:
        return np.frombuffer(data, "<f2").astype(np.float32).reshape(shape)
    if kind == I32:
        return np.frombuffer(data, "<i4").reshape(shape)
    blocks = np.frombuffer(data, np.uint8).reshape(-1, 34)
    d = blocks[:, :2].copy().view("<f2").astype(np.float32)
    return (d * blocks[:, 2:].view(np.int8)).reshape(shape)


def size(dims, kind):
    n = int(np.prod(dims))
    return {F32: 4 * n, F16: 2 * n, I32: 4 * n, Q8_0: n // 32 * 34}[kind]


# ---- writing ---------------------------------------------------------------------------------------------------------

def _string(s):
    b = s.encode()
    return struct.pack("<Q", len(b)) + b


def _value(kind, value):
    if kind == STRING:
        return _string(value)
    if kind == ARRAY:
        inner, items = value
        return struct.pack("<IQ", inner, len(items)) + b"".join(_value(inner, v) for v in items)
    return struct.pack(SCALARS[kind], value)


def write(path, metadata, tensors):
    """metadata: [(key, kind, value)]; tensors: [(name, array, kind)], arrays with the slowest dimension first."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    head += b"".join(_string(k) + struct.pack("<I", kind) + _value(kind, v) for k, kind, v in metadata)
    offset, blobs = 0, []
    for name, x, kind in tensors:
        if kind == Q8_0 and x.shape[-1] % 32:
            raise ValueError(f"{name}: rows of {x.shape[-1]} values cannot be stored as Q8_0, which needs multiples of 32")
        dims = tuple(reversed(x.shape))
        head += _string(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, offset)
        blob = encode(x, kind)
        blobs.append(blob + b"\0" * (-len(blob) % ALIGNMENT))
        offset += len(blobs[-1])
    with open(path, "wb") as f:
        f.write(head + b"\0" * (-len(head) % ALIGNMENT))
        f.writelines(blobs)


# ---- reading ---------------------------------------------------------------------------------------------------------

class Reader:
    """metadata: {key: value}; tensor(name) dequantises. A caller may replace `decode` to read further types."""

    def __init__(self, path, decode=decode, size=size):
        self.data, self.at, self._decode, self._size = open(path, "rb").read(), 4, decode, size
        if self.data[:4] != b"GGUF" or self._take("<I") != 3:
            raise ValueError(f"{path} is not a GGUF version 3 file")
        count, pairs = self._take("<Q"), self._take("<Q")
        self.metadata = {self._text(): self._read(self._take("<I")) for _ in range(pairs)}
        self.infos = dict(self._info() for _ in range(count))
        self.start = -(-self.at // ALIGNMENT) * ALIGNMENT

    def _take(self, form):
        value, = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def _text(self):
        n = self._take("<Q")
        self.at += n
        return self.data[self.at - n:self.at].decode()

    def _read(self, kind):
        if kind == STRING:
            return self._text()
        if kind == ARRAY:
            inner, n = self._take("<I"), self._take("<Q")
            return [self._read(inner) for _ in range(n)]
        return self._take(SCALARS[kind])

    def _info(self):
        name = self._text()
        dims = [self._take("<Q") for _ in range(self._take("<I"))]
        return name, (dims, self._take("<I"), self._take("<Q"))

    def tensor(self, name):
        dims, kind, offset = self.infos[name]
        begin = self.start + offset
        return self._decode(self.data[begin:begin + self._size(dims, kind)], dims, kind)
