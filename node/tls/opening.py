"""From settings to a node's end of TLS."""

from collections.abc import Callable

from ledger.keys import Signer
from node.api.principal import of_token
from node.replica import Replica
from node.settings import Settings
from node.tls.certificate import read_certificate, watched
from node.tls.contexts import Contexts
from node.tls.files import read_keys, read_public_key
from node.tls.leaves import Leaves
from node.tls.pins import Pins


def check_tls(settings: Settings) -> None:
    """Read what `open_tls` would. Raises `SecretError`."""
    tls = settings.tls
    given = [one.key for one in settings.peers if one.key is not None]
    for file in (*given, *(() if tls is None else (one.key for one in tls.readers))):
        read_public_key(file)
    if tls is not None:
        read_keys(tls.key_files, tls.passphrase_file)
        if tls.certificate is not None and tls.certificate_key is not None:
            read_certificate(tls.certificate, tls.certificate_key)


def open_tls(settings: Settings, replica: Replica) -> Contexts:
    """Whom the node believes and what it shows. Raises `SecretError`."""
    given = {one.member: read_public_key(one.key) for one in settings.peers if one.key is not None}
    tls = settings.tls
    if tls is None:
        return Contexts(Pins(replica, given, {}))
    own = read_keys(tls.key_files, tls.passphrase_file)[-1].public_key
    given = {settings.member: own, **given}  # who holds the node's key on its machine may call it
    readers = {read_public_key(one.key): of_token(one.name, one.scopes) for one in tls.readers}
    pins = Pins(replica, given, readers)

    def endpoint() -> str:
        return replica.published.trust.endpoints.get(settings.member, "")

    leaves = Leaves(tls, settings.member, pins, endpoint)
    if tls.certificate is None or tls.certificate_key is None:
        return Contexts(pins, leaves)
    return Contexts(pins, leaves, watched(tls.certificate, tls.certificate_key))


def request_signer_of(settings: Settings) -> Callable[[], Signer] | None:
    """What gives the key that signs requests to nodes behind proxies: the present one."""
    tls = settings.tls
    return None if tls is None else lambda: read_keys(tls.key_files, tls.passphrase_file)[0]
