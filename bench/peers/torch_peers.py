#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times the all-reduces a PyTorch user can reach, beside symm-bench.

    torchrun --standalone --nproc-per-node=4 torch_peers.py --output peers.csv

Columns, in µs per all-reduce: NCCL, NCCL on symmetric windows, torch's
symm_mem.one_shot_all_reduce and symm_mem.two_shot_all_reduce_. They are timed as
symm-bench times: n operations in a CUDA graph, the ranks brought together before each
replay, of whose times the least over the ranks counts (that of the rank which began
last, and waited for nobody), over n; the figure is the median of the replays, of which
two come before and are not counted. An empty cell is an algorithm that refused the
size; why is on stderr.

NVLink multicast stays off (NCCL_NVLS_ENABLE=0): the figures compare kernels over
peer pointers.
"""

import argparse
import csv
import os
import statistics
import sys

os.environ.setdefault("NCCL_NVLS_ENABLE", "0")
os.environ.setdefault("TORCH_SYMM_MEM_DISABLE_MULTICAST", "1")

import torch
import torch.distributed as dist
import torch.distributed._symmetric_memory as symm_mem

# By the names of nccl-tests, and by those of the CSV file.
DTYPES = {
    "bfloat16": ("bf16", torch.bfloat16),
    "half": ("f16", torch.float16),
    "float": ("f32", torch.float32),
}
DTYPES |= {name: (name, dtype) for name, dtype in DTYPES.values()}
LARGEST_ONE_SHOT = 4 << 20
WARMUP = 5
UNCOUNTED = 2


def median_us(enqueue, iterations, replays, device):
    """Microseconds of one enqueued op: least over ranks, median over replays."""
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(WARMUP):
            enqueue()
    torch.cuda.synchronize()
    dist.barrier()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        for _ in range(iterations):
            enqueue()
    times = []
    for _ in range(UNCOUNTED + replays):
        torch.cuda.synchronize()
        dist.barrier()
        torch.cuda.synchronize()
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        graph.replay()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) * 1e3 / iterations)
    least = torch.tensor(times[UNCOUNTED:], device=device)
    dist.all_reduce(least, op=dist.ReduceOp.MIN)
    return statistics.median(least.tolist())


class Peers:
    """Every peer algorithm on buffers of one size."""

    def __init__(self, arguments, device):
        self.arguments = arguments
        self.device = device
        self.group = dist.group.WORLD.group_name
        self.backend = dist.group.WORLD._get_backend(device)

    def attempt(self, name, enqueue):
        try:
            return median_us(enqueue, self.arguments.iterations, self.arguments.replays, self.device)
        except Exception as error:  # an algorithm that refuses is an empty cell
            if dist.get_rank() == 0:
                print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
            return None

    def nccl_window(self, count, dtype):
        try:
            pool = torch.cuda.MemPool(self.backend.mem_allocator)
            with torch.cuda.use_mem_pool(pool):
                data = torch.zeros(count, device=self.device, dtype=dtype)
            self.backend.register_mem_pool(pool, symm=True)
        except Exception as error:
            if dist.get_rank() == 0:
                print(f"nccl window: {error}", file=sys.stderr)
            return None
        result = self.attempt("nccl window", lambda: dist.all_reduce(data))
        self.backend.deregister_mem_pool(pool)
        return result

    def row(self, size, dtype):
        count = size // dtype.itemsize
        plain = torch.zeros(count, device=self.device, dtype=dtype)
        data = symm_mem.empty(count, device=self.device, dtype=dtype)
        symm_mem.rendezvous(data, self.group)
        data.zero_()
        ops = torch.ops.symm_mem
        one_shot = None
        if size <= LARGEST_ONE_SHOT:
            one_shot = self.attempt(
                "one-shot", lambda: ops.one_shot_all_reduce(data, "sum", self.group))
        return {
            "nccl": self.attempt("nccl", lambda: dist.all_reduce(plain)),
            "nccl_window": self.nccl_window(count, dtype),
            "torch_one_shot": one_shot,
            "torch_two_shot": self.attempt(
                "two-shot", lambda: ops.two_shot_all_reduce_(data, "sum", self.group)),
        }


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-b", "--min-bytes", type=int, default=1 << 10)
    parser.add_argument("-e", "--max-bytes", type=int, default=16 << 20)
    parser.add_argument("-f", "--factor", type=int, default=2, help="multiply the size from size to size")
    parser.add_argument("-d", "--dtype", choices=DTYPES, default="bfloat16")
    parser.add_argument("-n", "--iterations", type=int, default=100)
    parser.add_argument("--replays", type=int, default=9)
    parser.add_argument("--output", default="-", help="CSV file; - for standard output")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    local_rank = int(os.environ["LOCAL_RANK"])
    torch.cuda.set_device(local_rank)
    device = torch.device("cuda", local_rank)
    dist.init_process_group("nccl", device_id=device)
    peers = Peers(arguments, device)
    name, dtype = DTYPES[arguments.dtype]
    rows = []
    size = arguments.min_bytes
    while size <= arguments.max_bytes:
        times = peers.row(size, dtype)
        rows.append({"world": dist.get_world_size(), "dtype": name, "bytes": size}
                    | {k: "" if v is None else f"{v:.2f}" for k, v in times.items()})
        size *= arguments.factor
    if dist.get_rank() == 0:
        output = sys.stdout if arguments.output == "-" else open(arguments.output, "w", newline="")
        writer = csv.DictWriter(output, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
        output.flush()
    dist.destroy_process_group()
    if not any(row["nccl"] for row in rows):
        sys.exit("no all-reduce was timed, not even NCCL's; see above")


if __name__ == "__main__":
    main()
