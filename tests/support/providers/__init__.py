"""One strict loopback server for the real client packages of seven providers.

```python
with ProviderServer(lambda asked: Answer("It is " + " ".join(asked.placeholders))) as server:
    model = CLIENTS["anthropic"](server.url)
    protect(model, guard).invoke("who is Jane?")
assert not server.refused and "Jane" not in server.sent()
```

`reply` is given an `Asked` and gives an `Answer`, in no provider's words; the server says it in those of the provider
that was asked, whole or streamed. It notes every body before it looks at it (`server.requests`), and refuses what the
provider would refuse: `server.refused` holds the reasons.
"""

from tests.support.providers.answers import Answer, Asked, Call
from tests.support.providers.clients import CLIENTS
from tests.support.providers.server import ProviderServer

__all__ = ["CLIENTS", "Answer", "Asked", "Call", "ProviderServer"]
