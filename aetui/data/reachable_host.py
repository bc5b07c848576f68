"""Whether a data set could be downloaded now."""

import contextlib

import httpx

from aetui.data.catalogue import Source

SECONDS = 3.0
"""How long one host is waited for."""


def reachable_host(source: Source, client: httpx.Client | None = None) -> str | None:
    """The first host that has the set and answers, or None. Only headers are read."""
    own = httpx.Client() if client is None else contextlib.nullcontext(client)
    with own as asking:
        for mirror in source.mirrors:
            url = httpx.URL(mirror + source.archives[0].name)
            with contextlib.suppress(httpx.HTTPError), asking.stream("GET", url, timeout=SECONDS) as answer:
                if answer.is_success:
                    return url.host
    return None
