"""A Valkey Cluster of three nodes on loopback, made by the protocol's own commands."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from redis import Redis

from bot.embedded import Child, free_port, valkey_program

NODES = 3
NODE_TIMEOUT = 1000
"""Milliseconds without a node until the others refuse all work (CLUSTERDOWN); short, so that both
kinds of trouble are met: a node that does not answer, and a cluster that is not whole."""

SLOTS = 16384


class Cluster:
    """Three primaries that share the slots; no replicas."""

    def __init__(self, folder: Path) -> None:
        self.ports = [free_port() for _ in range(NODES)]
        self.children = [_node(folder / f"node-{port}", port) for port in self.ports]
        self.url = f"redis://127.0.0.1:{self.ports[0]}"

    def start(self) -> None:
        """Start the nodes and join them; returns when all agree that the cluster is whole."""
        for child in self.children:
            child.start()
        for port in self.ports:
            _until(lambda port=port: _listens(port))  # type: ignore[misc]
        nodes = [Redis(port=port) for port in self.ports]
        try:
            share = -(-SLOTS // NODES)
            for number, node in enumerate(nodes):
                last = min(SLOTS, (number + 1) * share) - 1
                node.execute_command("CLUSTER ADDSLOTSRANGE", number * share, last)
                bus = node.config_get("cluster-port")["cluster-port"]
                nodes[0].execute_command("CLUSTER MEET", "127.0.0.1", self.ports[number], bus)
            _until(lambda: all(_whole(node) for node in nodes))
        finally:
            for node in nodes:
                node.close()

    def stop(self) -> None:
        """Stop the nodes."""
        for child in self.children:
            child.stop()


def _node(folder: Path, port: int) -> Child:
    folder.mkdir(parents=True)
    command = [
        *(valkey_program(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
        *("--cluster-enabled", "yes", "--cluster-port", str(free_port())),
        *("--cluster-node-timeout", str(NODE_TIMEOUT)),
        *("--appendonly", "yes", "--appendfsync", "always", "--save", ""),
        *("--logfile", str(folder / "log"), "--daemonize", "no"),
    ]
    return Child(f"node {port}", command)


def _whole(node: Redis) -> bool:
    answer = node.execute_command("CLUSTER INFO")
    state = answer.get("cluster_state") if isinstance(answer, dict) else str(answer)
    known = len(node.execute_command("CLUSTER SHARDS"))
    return "ok" in str(state) and known == NODES


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(condition: object, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise TimeoutError("the cluster did not come up")
        time.sleep(0.05)
