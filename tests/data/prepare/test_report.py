from dlss_tf.data.prepare.report import lines

SUMMARY = {"size": 64, "crops": {"train": 8, "val": 1, "test": 1}, "specimens": {"train": 2, "val": 1, "test": 1}}


def test_what_came_of_it():
    said = lines("DATA", {**SUMMARY, "left_out": {}, "small": 0, "copies": 0})
    assert said == ["DATA: 10 crops of 64x64 px; train 8 of 2 specimens, val 1 of 1 specimen, test 1 of 1 specimen"]


def test_what_is_left_out_is_counted():
    counts = {"near-empty": 3, "duplicate": 1, "not finite": 2, "saturated": 1}
    said = lines("DATA", {**SUMMARY, "left_out": counts, "small": 2, "copies": 1}, failed=1)
    assert said[1:] == [
        "left out: 3 crops near-empty, 1 crop there already, 2 crops not finite, 1 crop saturated, 2 files smaller "
        "than 64x64 px (--size takes less), 1 file the same as another",
        "1 file could not be read, for the reason given",
    ]


def test_no_test_split_is_told():
    found = {**SUMMARY, "crops": {"train": 1, "val": 1, "test": 0}, "left_out": {}, "small": 0, "copies": 0}
    assert lines("DATA", found)[-1] == "nothing is left for test: evaluate with --split val"
