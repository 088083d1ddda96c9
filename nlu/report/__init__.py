"""The harness of understanding: accuracy by language and noise, calibration, comparison."""
