"""Copies of NIfTI-1 files whose source lost the voxel spacing, with a believable one in the header. Voxels stay as they are."""
import gzip
import os
import struct
from pathlib import Path


def with_spacing(source, folder, spacing):
    """The copy of `source` in `folder` with `spacing` (x, y, z in mm); made once, whole or not at all."""
    target = Path(folder) / Path(source).name
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    content = bytearray(gzip.open(source).read())
    if struct.unpack_from("<i", content, 0)[0] != 348:
        raise SystemExit(f"{source} is not a little-endian NIfTI-1 file")
    written = struct.unpack_from("<3f", content, 80)
    struct.pack_into("<3f", content, 80, *spacing)
    for row in range(3):  # the sform's columns are direction times spacing
        columns = struct.unpack_from("<3f", content, 280 + 16 * row)
        struct.pack_into("<3f", content, 280 + 16 * row, *(c / w * s for c, w, s in zip(columns, written, spacing)))
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    with gzip.GzipFile(draft, "wb", compresslevel=1, mtime=0) as file:
        file.write(content)
    draft.rename(target)
    return target
