from dlss_tf.serving import idle


def test_it_rests_when_nothing_is_done_any_more(monkeypatch):
    started, rests = [], []

    class Timer:
        daemon = False

        def __init__(self, seconds, look, arguments):
            self.fire = lambda: look(*arguments)

        def start(self):
            started.append(self)

    monkeypatch.setattr(idle.threading, "Timer", Timer)
    when = idle.WhenIdle(lambda: rests.append(1))
    with when:
        with when:
            pass
        assert not started  # another goes on
    with when:
        started[0].fire()
        assert not rests
    started[0].fire()
    assert not rests  # there was another since
    started[1].fire()
    assert rests == [1] and len(started) == 2


def test_a_thread_that_is_not_to_be_had_is_no_error(monkeypatch):
    def start(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(idle.threading.Timer, "start", start)
    with idle.WhenIdle(lambda: None):
        pass
