from dlss_tf.weights import PAPERS, PRETRAINED
from experiments.table2 import beside_the_paper


def test_whose_generator_it_was_and_what_the_paper_has():
    lines = beside_the_paper({"weights": PRETRAINED}).splitlines()
    assert lines[0] == f"DLSS is {PRETRAINED}, not the paper's, which is --weights {PAPERS}."
    assert lines[2] == "  Bilinear      1/16 0.0542 1/25 0.0609 1/36 0.0634 1/64 0.0654 1/100 0.0703"
    assert lines[3].startswith("  DLSS-Unified  1/16 0.0323")
    assert beside_the_paper({"weights": "runs/mine"}).startswith("DLSS is runs/mine.\n")
