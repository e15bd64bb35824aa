"""The photo itself as a model: its patches, put together by a formula; nothing is trained."""
