"""Weights of lc-guard's NER for seven languages: data that lc-guard finds, checks and reads. There is no code here."""
