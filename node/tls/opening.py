"""From settings to a node's end of TLS."""

from node.replica import Replica
from node.settings import Settings
from node.tls.certificate import watched
from node.tls.contexts import Contexts
from node.tls.files import read_public_key
from node.tls.leaves import Leaves
from node.tls.pins import Pins


def open_tls(settings: Settings, replica: Replica) -> Contexts:
    """Whom the node believes and what it shows. Raises `SecretError`."""
    given = {one.member: read_public_key(one.key) for one in settings.peers if one.key is not None}
    pins, tls = Pins(replica, given), settings.tls
    if tls is None:
        return Contexts(pins)

    def endpoint() -> str:
        return replica.published.trust.endpoints.get(settings.member, "")

    leaves = Leaves(tls, settings.member, pins, endpoint)
    if tls.certificate is None or tls.certificate_key is None:
        return Contexts(pins, leaves)
    return Contexts(pins, leaves, watched(tls.certificate, tls.certificate_key))
