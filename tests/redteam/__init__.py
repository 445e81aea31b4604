"""What a red team would try, written as tests."""
