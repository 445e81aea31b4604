"""How the weights of `lc-guard-ner-xx` are made: open labelled texts, names, sentences of our own, one training run."""
