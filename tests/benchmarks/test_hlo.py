import pytest
from shallow import shallow

from benchmarks import hlo
from dlss_tf.config import PRESETS

hlo_pb2 = pytest.importorskip("tensorflow.compiler.xla.service.hlo_pb2")


@pytest.mark.parametrize("mode", ["train", "forward"])
def test_a_program_is_whole_and_has_no_copies(monkeypatch, mode):
    shallow(monkeypatch)
    config = PRESETS["quick"].replace(width=0.05, size=64, batch=2)
    module = hlo_pb2.HloModuleProto.FromString(hlo.program(mode, config))
    entry = next(each for each in module.computations if each.id == module.entry_computation_id)
    assert any(each.opcode == "convolution" for computation in module.computations for each in computation.instructions)
    for computation in module.computations:
        there = {each.id for each in computation.instructions}
        assert computation.root_id in there
        assert all(there.issuperset(each.operand_ids) for each in computation.instructions)
        assert not [each for each in computation.instructions if each.opcode == "copy"]
    weights = len([each for each in entry.instructions if each.opcode == "parameter"])
    updated = len(module.input_output_alias.entries)
    assert weights > 20 and (updated > weights / 2 if mode == "train" else updated == 0)
