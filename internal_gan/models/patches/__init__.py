"""The photo itself as a model: pictures out of its patches by a closed form, without training."""
