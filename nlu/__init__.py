"""Natural language understanding of Hashar: Rasa components, training data and tools."""
