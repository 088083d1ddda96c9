"""Rasa graph components of the pipeline in config.yml, one file each."""
