"""Read the tensors of a CTranslate2 `model.bin` by numpy alone."""

import struct

import numpy as np

from physioser_ros.model.backbones.base import BackboneError

#: Code in the file → element type. Codes past these exist, but no Whisper file has them.
_TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


class _Cursor:
    """A position in a buffer of little-endian fields."""

    def __init__(self, buffer):
        self.buffer = buffer
        self.position = 0

    def number(self, code):
        value, = struct.unpack_from('<' + code, self.buffer, self.position)
        self.position += struct.calcsize('<' + code)
        return value

    def block(self, size):
        start, self.position = self.position, self.position + size
        if self.position > len(self.buffer):
            raise struct.error('block past the end')
        return self.buffer[start:self.position]

    def text(self):
        return bytes(self.block(self.number('H'))).rstrip(b'\0').decode()


def read_ct2(content):
    """
    Read a CTranslate2 model file, binary version 6.

    :param content: bytes of the file.
    :return: mapping from the tensor's name to a read-only numpy array that shares the bytes.
    :raises BackboneError: if it is another version or not such a file.
    """
    cursor = _Cursor(memoryview(content))
    try:
        version = cursor.number('I')
        if version != 6:
            raise BackboneError(f'CTranslate2 binary version {version}: expected 6; convert the '
                                'model by ctranslate2 3 or later')
        cursor.text()
        cursor.number('I')
        return dict(_tensor(cursor) for _ in range(cursor.number('I')))
    except (struct.error, KeyError, ValueError, UnicodeDecodeError) as error:
        raise BackboneError('not a whole CTranslate2 model.bin: fetch the file again') from error


def _tensor(cursor):
    name = cursor.text()
    shape = [cursor.number('I') for _ in range(cursor.number('B'))]
    dtype = np.dtype(_TYPES[cursor.number('B')])
    block = cursor.block(cursor.number('I'))
    return name, np.frombuffer(block, dtype=dtype).reshape(shape)
