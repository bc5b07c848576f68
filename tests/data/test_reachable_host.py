"""Whether a set could be downloaded now."""

from https_server import body_answer

from aetui.data.reachable_host import reachable_host


def test_the_first_host_that_has_the_set(server, source):
    server.script("/one/images.gz", body_answer(b"", 503))
    server.script("/two/images.gz", body_answer(b"x"))
    assert reachable_host(source, server.client) == "127.0.0.1"
    assert [path for path, _ in server.requests] == ["/one/images.gz", "/two/images.gz"]


def test_none_answers(server, source):
    assert reachable_host(source, server.client) is None
