"""The network: hash embeddings of words, a small convolution over neighbours, spaCy's transition-based NER."""

from __future__ import annotations

from typing import Any

import numpy as np
import srsly

CONFIG: dict[str, Any] = {
    "model": {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "ner",
        "extra_state_tokens": False,
        "hidden_width": 64,
        "maxout_pieces": 2,
        "use_upper": True,
        "tok2vec": {
            "@architectures": "spacy.Tok2Vec.v2",
            "embed": {
                "@architectures": "spacy.MultiHashEmbed.v2",
                "width": 96,
                "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
                "rows": [16000, 5000, 6000, 2500],
                "include_static_vectors": False,
            },
            "encode": {
                "@architectures": "spacy.MaxoutWindowEncoder.v2",
                "width": 96,
                "window_size": 1,
                "maxout_pieces": 3,
                "depth": 4,
            },
        },
    }
}
"""spaCy's configuration of the component ``ner``; the wheel carries it beside the weights."""


def blank() -> Any:
    """Return a pipeline with nothing but the tokenizer of no particular language and an empty NER."""
    import spacy

    nlp = spacy.blank("xx")
    nlp.add_pipe("ner", config=CONFIG)
    return nlp


def lean(ner: Any, by: float) -> None:
    """Lower the score of the action "no name", so that more is found."""
    upper = ner.model.get_ref("upper")
    names = [ner.moves.get_class_name(number) for number in range(ner.moves.n_moves)]
    bias = upper.get_param("b").copy()
    bias[names.index("O")] -= by
    upper.set_param("b", bias)


def packed(ner: Any) -> bytes:
    """Return a trained component as msgpack bytes, its weights as 16-bit floats: half the size, the same answers."""
    parts = srsly.msgpack_loads(ner.to_bytes(exclude=["vocab"]))
    model = srsly.msgpack_loads(parts["model"])
    for node in model["params"]:
        for name, values in node.items():
            if isinstance(values, np.ndarray):
                node[name] = values.astype("float16")
    parts["model"] = srsly.msgpack_dumps(model)
    return srsly.msgpack_dumps(parts)
