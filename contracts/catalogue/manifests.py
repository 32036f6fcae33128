"""Rules of manifests: long lists of files, given in parts before the release that names them.

The state keeps of a list how many files it has, their length and the running digest, never their
names: whoever holds the records can say which file is listed, and the digest proves it.
"""

from contracts.draft import Draft
from contracts.reasons import (
    ALREADY_EXISTS,
    UNKNOWN_MANIFEST,
    WRONG_PART,
    refuse_unless,
    required,
)
from contracts.values import FileList
from contracts.view import read
from ledger.records.catalogue import Content
from ledger.records.manifests import Manifest, manifest_digest
from ledger.running_digest import EMPTY_RUN
from ledger.types import SAFE_INTEGER_MAX

_NOTHING = FileList(bytes=0, files=0, last="", run=EMPTY_RUN, total=0)


def apply_manifest(draft: Draft, body: Manifest) -> None:
    """R326: parts of a manifest come in order, and the last completes the digest that names it.

    Parts of one manifest agree on its size, and names ascend through all of them. A member builds
    its manifests by itself; its part 0 begins anew. One that is complete is there for everybody.
    """
    key = f"manifest/{body.manifest}"
    refuse_unless(draft.get(key) is None, ALREADY_EXISTS, body.manifest, "manifest")
    draft_key = f"manifest-draft/{draft.member}/{body.manifest}"
    growing = read(draft, FileList, draft_key)
    before = _NOTHING if growing is None or body.first == 0 else growing
    seen = before.files + len(body.files)
    follows = body.first == before.files and (body.first == 0 or body.total == before.total)
    is_next = follows and seen <= body.total
    refuse_unless(is_next, WRONG_PART, f"the next is {before.files}", "first")
    ascends = before.last < body.files[0].name
    refuse_unless(ascends, WRONG_PART, "names ascend from part to part", "files")
    run = manifest_digest(body.files, before.run)
    is_complete = seen == body.total
    fits = not is_complete or run == body.manifest
    refuse_unless(fits, WRONG_PART, "the digest differs", "manifest")
    grown = FileList(
        bytes=min(before.bytes + sum(file.bytes for file in body.files), SAFE_INTEGER_MAX),
        files=seen,
        last=body.files[-1].name,
        run=run,
        total=body.total,
    )
    draft.put(key if is_complete else draft_key, grown)
    if is_complete and growing is not None:
        draft.remove(draft_key)


def check_content(draft: Draft, content: Content) -> None:
    """R327: a manifest that a release names is complete, and as long as the release says."""
    if not content.manifest:
        return
    listed = read(draft, FileList, f"manifest/{content.sha256}")
    listed = required(listed, UNKNOWN_MANIFEST, content.sha256, "sha256")
    agrees = content.bytes is None or content.bytes == listed.bytes
    refuse_unless(agrees, WRONG_PART, f"the files have {listed.bytes} bytes", "bytes")
