"""MXNet 1.9.1 as a backend.  `loading` imports it; nothing else here does."""
