"""The commands of `hashar`, one module each."""
