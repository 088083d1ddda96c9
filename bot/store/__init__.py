"""State in Valkey/Redis: streams, conversations, leases, one commit. The only Redis code."""
