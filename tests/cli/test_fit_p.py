def test_bad_input_is_one_sentence_and_status_2(refused):
    command = ["fit-p", "--weights", "{}/none", "--data", "{}", "--out", "{}/run"]
    assert "expected a run directory or a pretrained generator" in refused(command)
