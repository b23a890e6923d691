"""The sandbox: a submission sees Python, its own notebook and an empty folder, within limits.

In: a notebook and `Limits`.  Out: a process in bubblewrap (`Bubble`), one forked from a parent
that has imported torch (`Warm`; `Joined` where several processes share one, `SharedParent`), or one
of another user (`OtherUser`); `attack` shows that bubblewrap holds.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "attacks": ["attack"],
        "bubblewrap": ["Bubble", "require"],
        "fork_server": ["Warm"],
        "limits": ["Limits"],
        "other_user": ["OtherUser"],
        "shared_parent": ["Joined", "SharedParent"],
    },
)
