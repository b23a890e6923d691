"""Where models come from, and which of their weights may be pruned.

In: the name of a model and a source (`mini`, `hub`, `random`, or a checkpoint folder).
Out: the model in a fixed state with its tokenizer (`load_model`), and its prunable matrices
(`prunable_layers`), found by the type of module and not by name; `parameter_account` says of every
other parameter of the blocks why it is left out.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "load": ["Loaded", "ModelSpec", "load_model"],
        "published": ["published_config"],
        "left_out": ["Account", "AccountRow", "parameter_account"],
        "language": ["language_kind"],
        "prunable": ["Layer", "family", "prunable_layers", "prunable_parameters"],
    },
)
