"""A ccxt client that speaks to the configured host, through our gate."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from edgeproof.adapters.exchange._config import DEMO
from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.time import MS_PER_SECOND

if TYPE_CHECKING:
    from edgeproof.adapters.exchange._config import ExchangeConfig
    from edgeproof.adapters.exchange._gate import Gate

_SCHEME_AND_HOST: Final = re.compile(r"^(?P<scheme>https?|wss?)://[^/]+")


def open_client(config: ExchangeConfig, gate: Gate) -> Any:  # noqa: ANN401 - ccxt has no types
    """Make a client for public market data, over REST and WebSocket; connections are made when first needed.

    Raises:
        InvalidValue: The venue has no demo host.
    """
    # The WebSocket classes are the REST classes with streams added.
    ccxt = import_module("ccxt.pro")
    client = getattr(ccxt, config.profile.ccxt_class)(
        {
            "enableRateLimit": config.profile.paced_by_ccxt,
            "timeout": int(config.timeout_s * MS_PER_SECOND),
            "options": {"defaultType": "swap"},
        }
    )
    if config.host == DEMO:
        if "test" not in client.urls:
            raise InvalidValue("exchange host", DEMO, f"live, since {config.venue} has no demo host")
        client.set_sandbox_mode(enabled=True)
    elif config.address is not None:
        client.urls["api"] = point_urls(client.urls["api"], config.address)
    if config.proxy is not None:
        client.https_proxy = config.proxy
        client.wss_proxy = config.proxy
    gate.guard(client)
    return client


def point_urls(urls: Any, host: str) -> Any:  # noqa: ANN401 - ccxt nests them as it likes
    """The same addresses at another host, encrypted where that one is; paths stay."""
    if isinstance(urls, dict):
        return {name: point_urls(url, host) for name, url in urls.items()}
    if not isinstance(urls, str):
        return urls
    scheme, _, bare = host.partition("://")
    sure = "s" if scheme == "https" else ""
    return _SCHEME_AND_HOST.sub(
        lambda found: f"{'ws' if found['scheme'].startswith('ws') else 'http'}{sure}://{bare}", urls
    )
