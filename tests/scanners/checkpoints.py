"""Tiny models that LLM Guard and gorget load by their own code: trained within a second, or written as ONNX graphs.

LLM Guard runs them in torch, gorget (without torch) in ONNX Runtime. They know two things: "bad" makes a text fire, and
a text with "fight" is about "violence", one with "ball" about "sport".
"""

import importlib.util
import random
from pathlib import Path

FILLER = "the a we see it now and then so far here there is of to in on at by you can help with this example . / : http"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "bad", "fight", "ball", "violence", "sport", "acme", "bolt",
         "jane", *FILLER.split()]  # fmt: skip
NAMES = {"acme": 1, "bolt": 1, "jane": 2}
NER_LABELS = ("O", "ORG", "PER")
TORCH = importlib.util.find_spec("torch") is not None


def save(folder, kind, labels, model):
    """Write what stands beside the weights: the configuration with its labels, and the tokenizer."""
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertTokenizerFast

    config = config_of(kind, labels)
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    tokenizer = BertWordPieceTokenizer(str(folder / "vocab.txt"))._tokenizer
    BertTokenizerFast(tokenizer_object=tokenizer, model_max_length=512).save_pretrained(folder)
    if TORCH:
        model.config.id2label, model.config.label2id = config.id2label, config.label2id
        model.save_pretrained(folder)
    else:
        config.save_pretrained(folder)
        (folder / "model.onnx").write_bytes(model)


def config_of(kind, labels):
    from transformers import BertConfig

    return BertConfig(
        vocab_size=len(WORDS), hidden_size=32, num_hidden_layers=0 if kind == "ner" else 1, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=512, hidden_dropout_prob=0, attention_probs_dropout_prob=0,
        initializer_range=0.1,  # so small a model learns nothing about two words at once from the usual 0.02
        id2label=dict(enumerate(labels)), label2id={label: n for n, label in enumerate(labels)},
    )  # fmt: skip


class Checkpoints:
    """Folders with checkpoints, each trained once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._models = {}
        self._folders = {}

    def folder(self, kind: str, labels: tuple[str, ...]) -> str:
        """Give a folder with a model of a kind ("bad", "nli", "ner") and these labels."""
        if (kind, labels) not in self._folders:
            if kind not in self._models:
                self._models[kind] = (trained if TORCH else graph)(kind)
            folder = self._root / f"{kind}-{len(self._folders)}"
            folder.mkdir()
            save(folder, kind, labels, self._models[kind])
            self._folders[kind, labels] = str(folder)
        return self._folders[kind, labels]


def row(kind, fires):
    """Give a random text, as words, that fires or does not."""
    filler = [random.choice(["[UNK]", *FILLER.split()]) for _ in range(random.randint(0, 9))]
    if kind == "bad":
        return random.sample([*filler, *(["bad"] if fires else [])], k=len(filler) + fires)
    premise, topic = random.choice([("fight", "violence"), ("ball", "sport")])
    if not fires:
        premise = random.choice(["so", {"fight": "ball", "ball": "fight"}[premise]])
    text = random.sample([*filler, premise], k=len(filler) + 1)
    return [*text, "[SEP]", "this", "example", "is", topic, "."]


def trained(kind):
    """Train a BERT of one layer; class 1 fires, but of "nli", where class 0 is entailment.

    Arithmetic differs between processors: where nothing is learned from a seed, the next one is taken.
    """
    if kind == "ner":
        return tagger()
    models = (attempt(kind, seed) for seed in range(10))
    return next(model for model, unsure in models if unsure < 0.02)


def attempt(kind, seed):
    """Train from a seed; gives the model, and how unsure it is of rows that it has not seen, at most."""
    import torch
    from transformers import BertForSequenceClassification

    torch.manual_seed(seed)
    random.seed(seed)
    model = BertForSequenceClassification(config_of(kind, ("0", "1")))
    steps = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(200):
        ids, classes = batch(kind)
        model(input_ids=ids, attention_mask=(ids != 0).long(), labels=classes).loss.backward()
        steps.step()
        steps.zero_grad()
    with torch.no_grad():
        types = model.bert.embeddings.token_type_embeddings.weight
        types[1] = types[0]
        model.eval()
        ids, classes = batch(kind)
        sure = model(input_ids=ids, attention_mask=(ids != 0).long()).logits.softmax(-1)
        return model, float(1 - sure.gather(1, classes[:, None]).min())


def batch(kind):
    """Give ids of rows and their classes."""
    import torch

    rows = [[2, *(WORDS.index(word) for word in row(kind, n % 2)), 3] for n in range(32)]
    ids = torch.tensor([ids + [0] * (20 - len(ids)) for ids in rows])
    return ids, torch.tensor([(n + (kind == "nli")) % 2 for n in range(32)])


def tagger():
    """Give a BERT without layers that knows some names."""
    import torch
    from transformers import BertForTokenClassification

    model = BertForTokenClassification(config_of("ner", NER_LABELS))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.bert.embeddings.LayerNorm.weight.fill_(1.0)
        model.classifier.bias[0] = 3.0
        for word, label in NAMES.items():
            model.bert.embeddings.word_embeddings.weight[WORDS.index(word), label] = 1.0
            model.classifier.weight[label, label] = 4.0
    return model


def graph(kind):
    """Write the same as an ONNX graph: which words are there, and what follows from them."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    size = len(WORDS)
    at = WORDS.index
    constants = {"words": np.eye(size, dtype=np.float32)}
    nodes = [helper.make_node("Gather", ["words", "input_ids"], ["each"])]
    if kind == "ner":
        constants["tags"] = np.zeros((size, len(NER_LABELS)), dtype=np.float32)
        for word, label in NAMES.items():
            constants["tags"][at(word), label] = 16
        constants["none"] = np.array([8, 0, 0], dtype=np.float32)
        nodes += [helper.make_node("MatMul", ["each", "tags"], ["tagged"]),
                  helper.make_node("Add", ["tagged", "none"], ["logits"])]  # fmt: skip
        outputs = {"logits": ["batch", "length", len(NER_LABELS)]}
    else:
        pairs = [("bad", "bad")] if kind == "bad" else [("fight", "violence"), ("ball", "sport")]
        constants["both"] = np.zeros((size, len(pairs)), dtype=np.float32)
        for n, pair in enumerate(pairs):
            for word in pair:
                constants["both"][at(word), n] += 1
        constants["one"] = np.full(len(pairs), -1, dtype=np.float32)
        fires = np.array([-10, 10] if kind == "bad" else [10, -10], dtype=np.float32)
        constants["fires"] = np.tile(fires, (len(pairs), 1))
        constants["not"] = -fires / 2
        constants["axis"] = np.array([1], dtype=np.int64)
        constants["rare"] = np.ones(size, dtype=np.float32) * 0.1
        constants["rare"][at("bad")] = 10
        nodes += [
            helper.make_node("ReduceMax", ["each", "axis"], ["there"], keepdims=1),
            helper.make_node("Mul", ["there", "rare"], ["last_hidden_state"]),
            helper.make_node("Squeeze", ["there", "axis"], ["bag"]),
            helper.make_node("MatMul", ["bag", "both"], ["counted"]),
            helper.make_node("Add", ["counted", "one"], ["more"]),
            helper.make_node("Relu", ["more"], ["found"]),
            helper.make_node("MatMul", ["found", "fires"], ["scored"]),
            helper.make_node("Add", ["scored", "not"], ["logits"]),
        ]
        outputs = {"logits": ["batch", 2], "last_hidden_state": ["batch", 1, size]}
    made = helper.make_graph(
        nodes, kind,
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )  # fmt: skip
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return model.SerializeToString()
