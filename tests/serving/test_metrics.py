from dlss_tf.serving.metrics import Metrics


def test_each_server_has_its_own_numbers():
    one, other = Metrics(), Metrics()
    one.requests.labels("/api/info", "GET", 200).inc()
    one.batch.observe(3)
    assert b'dlss_requests_total{method="GET",route="/api/info",status="200"} 1.0' in one.text()
    assert b'dlss_batch_requests_bucket{le="3.0"} 1.0' in one.text()
    assert b"/api/info" not in other.text()
