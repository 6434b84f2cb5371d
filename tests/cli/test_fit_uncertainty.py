def test_bad_input_is_one_sentence_and_status_2(refused):
    command = ["fit-uncertainty", "--weights", "{}/none", "--data", "{}"]
    assert "weights: expected a run directory, to write into" in refused(command)
