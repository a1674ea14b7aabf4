from __future__ import annotations

import time

import msgspec
from happenings import happenings, later
from model import *
from msgspec.structs import replace
from worker_steps import Violation, moves

from channels.sessions import State

encode = msgspec.msgpack.Encoder().encode


class Search:
    def __init__(self, most_deliveries=2):
        self.most = most_deliveries
        self.came_from = {}
        self.good = set()
        self.transitions = 0

    def trace(self, key):
        out = []
        while key is not None:
            key, label = self.came_from[key]
            out.append(label)
        return list(reversed(out))

    def run(self, starts, depth, limit=None):
        layer = []
        for w in starts:
            w = merged(w)
            k = hash128(w)
            self.came_from[k] = (None, "start")
            layer.append((k, w))
        for d in range(depth + 1):
            # close under worker steps
            t = time.time()
            nxt = []
            stack = list(layer)
            n0 = len(self.came_from)
            for k, w in stack:  # grows
                try:
                    for label, w2, broke in moves(w):
                        self.transitions += 1
                        w2 = merged(w2)
                        k2 = hash128(w2)
                        if k2 in self.came_from:
                            continue
                        if broke:
                            nxt.append((k, label, w2, k2))
                            continue
                        self.came_from[k2] = (k, label)
                        stack.append((k2, w2))
                    if d < depth:
                        for label, w2 in happenings(w, most_deliveries=self.most):
                            self.transitions += 1
                            w2 = merged(w2)
                            k2 = hash128(w2)
                            if k2 in self.came_from:
                                continue
                            nxt.append((k, label, w2, k2))
                    self.complete(k, w)
                except Violation as e:
                    print("\n".join(self.trace(k)))
                    print("->", e)
                    raise
                if limit and len(self.came_from) > limit:
                    print("limit", d, len(self.came_from))
                    return
            layer = []
            for k, label, w2, k2 in nxt:
                if k2 not in self.came_from:
                    self.came_from[k2] = (k, label)
                    layer.append((k2, w2))
            print(
                d,
                "states",
                len(self.came_from),
                "layer",
                len(stack),
                "next",
                len(layer),
                f"{time.time() - t:.1f}s",
                flush=True,
            )

    def complete(self, k, w):
        path = []
        labels = []
        seen = set()
        while k not in self.good:
            if k in seen:
                self.check_rest(w, labels)
                break
            seen.add(k)
            path.append(k)
            try:
                label, w = self.next_fair(w)
            except Violation:
                print("\n".join("   " + l for l in labels))
                raise
            labels.append(label)
            w = merged(w)
            k = hash128(w)
        self.good.update(path)

    def next_fair(self, w):
        for label, w2, broke in moves(w):
            if not broke:
                return label, w2
        return "time passes", later(replace(w, believed_routing=w.routing), TICK)

    def check_rest(self, w, labels):
        s = w.session

        def bad(m):
            print("\n".join("   " + l for l in labels))
            raise Violation(m)

        if w.deliveries:
            bad("an event is never handled")
        if s is None:
            return
        if s.state is State.ACTIVE and not s.has_deadline and w.owner in (AGENT, INBOX):
            return
        if s.state is State.ENDING and s.regained and s.due_at is None:
            return
        bad(f"stuck {s.state} owner {w.owner} {s.due_at} {s.regained} {s.reason} {s.active_at}")


from hashlib import blake2b


def hash128(w):
    return blake2b(encode(w), digest_size=12).digest()


if __name__ == "__main__":
    import sys

    t = time.time()
    s = Search(int(sys.argv[2]))
    try:
        s.run([World(may_take=True), World(may_take=False)], int(sys.argv[1]))
    except Violation as e:
        print("VIOLATION", e)
    print(len(s.came_from), s.transitions, time.time() - t)
