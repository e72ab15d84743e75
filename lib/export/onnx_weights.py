"""What is done to the weights of ONNX graphs: eight bits instead of thirty-two, and one copy for several graphs."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# Left in the graph: small numbers are not worth a place in the file of weights.
SMALLEST_OUTSIDE = 1_024
# The file of weights that graphs share.
SHARED = "weights.data"
# Matrices and tables of words. Convolutions in eight bits are slow or missing on CPUs.
IN_EIGHT_BITS = ["MatMul", "Gemm", "Gather"]


def in_eight_bits(path: Path) -> None:
    """Replace the graph by one with weights in 8 bits; what is multiplied with them is quantised as it comes.

    Dynamic quantisation of ONNX Runtime, a scale for each column. Seven of the eight bits are used, as sums of full
    ones overflow on CPUs without VNNI instructions, which costs answers silently.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = onnx.load(str(path), load_external_data=False)
    # The quantiser transposes weights, then trips over the shapes they had.
    weights = {one.name for one in model.graph.initializer}
    known = [info for info in model.graph.value_info if info.name not in weights]
    del model.graph.value_info[:]
    model.graph.value_info.extend(known)
    path.write_bytes(model.SerializeToString())
    with TemporaryDirectory(dir=path.parent) as work:
        # Under its own name, as the graph says what its file of weights is called.
        quantize_dynamic(
            path,
            Path(work) / path.name,
            op_types_to_quantize=IN_EIGHT_BITS,
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            use_external_data_format=path.with_name(f"{path.name}.data").is_file(),
        )
        path.with_name(f"{path.name}.data").unlink(missing_ok=True)
        for made in Path(work).iterdir():
            made.replace(path.with_name(made.name))


def share_weights(paths: Sequence[Path]) -> None:
    """Move the weights of several graphs of one folder into one file beside them, each tensor once."""
    import onnx

    folder = paths[0].parent
    places: dict[str, tuple[int, int]] = {}
    work = folder / f".{SHARED}"
    with work.open("wb") as sink:
        for path in paths:
            model = onnx.load(str(path), load_external_data=True)
            for tensor in model.graph.initializer:
                values = tensor.raw_data
                if len(values) < SMALLEST_OUTSIDE:
                    continue
                key = hashlib.sha256(values).hexdigest()
                if key not in places:
                    sink.seek(-(-sink.tell() // 64) * 64)
                    places[key] = (sink.tell(), len(values))
                    sink.write(values)
                _point_at(tensor, *places[key])
            path.write_bytes(model.SerializeToString())
            path.with_name(f"{path.name}.data").unlink(missing_ok=True)
    work.replace(folder / SHARED)


def _point_at(tensor: Any, offset: int, length: int) -> None:
    from onnx import TensorProto

    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    del tensor.external_data[:]
    for key, value in (("location", SHARED), ("offset", offset), ("length", length)):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)
