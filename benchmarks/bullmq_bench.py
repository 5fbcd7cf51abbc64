#!/usr/bin/env python3
"""Delivering webhooks, against BullMQ on Redis with appendfsync always.

usage: bullmq_bench.py [--events N] [--rounds N] [--processes N] [--path DIR] [--check]
environment: TIDEMARK_BENCHMARKS (default build-bench/benchmarks)

Both sides make every event durable, send each with one POST over at most 64 kept connections to the
same receiver, a process of its own, and remember that it was delivered. Both take events one by one,
many at a time. BullMQ forgets completed jobs, speaks to Redis over a Unix socket and signs nothing;
Tidemark keeps its journal and signs. Both sides are measured in turn in the same run; the
rate counts enqueueing and delivering. --processes: how many worker processes BullMQ has.

--check: exit 1 when the median ratio is below the target.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BENCHMARKS = os.environ.get("TIDEMARK_BENCHMARKS", os.path.join(ROOT, "build-bench", "benchmarks"))
PEER = os.path.join(ROOT, "benchmarks", "bullmq")
CONCURRENCY = 64
TARGET = 5
READY_SECONDS = 30


def cpu_seconds(pid):
    """Of a process and its children."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    total = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return total + sum(cpu_seconds(int(child)) for child in file.read().split())


class Receiver:
    """benchmarks/http_responder: ends when its standard input does."""

    def __enter__(self):
        self.process = subprocess.Popen([os.path.join(BENCHMARKS, "http_responder")], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}/hook"
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


class Redis:
    """On a Unix socket in a directory of its own; an answered write survives power loss."""

    def __init__(self, path):
        self.directory = tempfile.mkdtemp(prefix="tidemark-redis-", dir=path)
        self.socket = os.path.join(self.directory, "redis.sock")

    def __enter__(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", self.directory,
             "--appendonly", "yes", "--appendfsync", "always", "--save", "", "--daemonize", "no",
             "--logfile", os.path.join(self.directory, "redis.log")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + READY_SECONDS
        while self.cli("ping") != "PONG":
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.__exit__()
                raise SystemExit("redis-server did not become ready")
            time.sleep(0.05)
        if self.cli("config", "get", "appendfsync").split() != ["appendfsync", "always"]:
            raise SystemExit("redis-server does not sync every write")
        return self

    def cli(self, *words):
        return subprocess.run(["redis-cli", "-s", self.socket, *words], text=True,
                              capture_output=True, check=False).stdout.strip()

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class Peer:
    """benchmarks/bullmq/ with what it depends on, in a temporary directory."""

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="tidemark-bullmq-")
        for name in ("package.json", "package-lock.json", "deliver.mjs"):
            shutil.copy(os.path.join(PEER, name), self.directory)
        try:
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"],
                           cwd=self.directory, check=True)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory, ignore_errors=True)

    def run(self, options, receiver):
        with Redis(options.path) as redis:
            node = subprocess.Popen(
                ["node", os.path.join(self.directory, "deliver.mjs"), redis.socket, receiver.url,
                 str(options.events), str(CONCURRENCY), str(options.processes)],
                text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            try:
                if node.stdout.readline().strip() != "ready":
                    raise SystemExit("the peer failed")
                pids = (node.pid, redis.process.pid)
                before = sum(cpu_seconds(pid) for pid in pids)
                node.stdin.write("go\n")
                node.stdin.flush()
                result = json.loads(node.stdout.readline())
                result["cpu_seconds"] = sum(cpu_seconds(pid) for pid in pids) - before
                return result
            finally:
                node.stdin.close()
                node.wait()


def tidemark(options, receiver):
    done = subprocess.run(
        [os.path.join(BENCHMARKS, "delivery_bench"), "--receiver", receiver.url,
         "--events", str(options.events), "--path", options.path],
        stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def rate(result):
    return result["events"] / (result["fill_seconds"] + result["deliver_seconds"])


def show(name, result):
    events = result["events"]
    print(f"  {name:9} {rate(result):8.0f}/s (enqueued at {events / result['fill_seconds']:.0f}/s, "
          f"delivered at {events / result['deliver_seconds']:.0f}/s), "
          f"CPU {result['cpu_seconds'] * 1e6 / events:.0f} us each", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--path", default=tempfile.gettempdir())
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    ratios, ours, theirs = [], [], []
    with Peer() as peer, Receiver() as receiver:
        for number in range(options.rounds):
            print(f"round {number + 1}: {options.events} events")
            bullmq = peer.run(options, receiver)
            show("BullMQ", bullmq)
            mark = tidemark(options, receiver)
            show("Tidemark", mark)
            ours.append(rate(mark))
            theirs.append(rate(bullmq))
            ratios.append(rate(mark) / rate(bullmq))
    ratio = statistics.median(ratios)
    met = ratio >= TARGET
    print(f"Tidemark {statistics.median(ours):.0f}/s, BullMQ {statistics.median(theirs):.0f}/s: "
          f"median ratio {ratio:.1f}, target {TARGET}: {'met' if met else 'MISSED'}")
    return 1 if options.check and not met else 0


if __name__ == "__main__":
    sys.exit(main())
