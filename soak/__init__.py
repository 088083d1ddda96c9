"""Load with faults: what people sent against what they saw. `make soak`, `make chaos`."""
