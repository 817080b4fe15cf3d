"""The ops of neural networks: their public home is `minpy.nn.functional`."""
