#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times the all-reduces a PyTorch user can reach, beside symm-bench.

    torchrun --standalone --nproc-per-node=4 torch_peers.py --output peers.csv

Columns, in µs per all-reduce: NCCL, NCCL on symmetric windows, torch's
symm_mem.one_shot_all_reduce and symm_mem.two_shot_all_reduce_. Each is captured
K times in a CUDA graph; a figure is the median replay over K, the slowest rank's.
An empty cell is an algorithm that refused the size; why is on stderr.

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

DTYPES = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32}
LARGEST_ONE_SHOT = 4 << 20


def median_us(enqueue, iterations, replays, device):
    """Microseconds of one enqueued op: median over replays, maximum over ranks."""
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(3):
            enqueue()
    torch.cuda.synchronize()
    dist.barrier()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        for _ in range(iterations):
            enqueue()
    for _ in range(3):
        graph.replay()
    torch.cuda.synchronize()
    times = []
    for _ in range(replays):
        dist.barrier()
        torch.cuda.synchronize()
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        graph.replay()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) * 1e3 / iterations)
    slowest = torch.tensor([statistics.median(times)], device=device)
    dist.all_reduce(slowest, op=dist.ReduceOp.MAX)
    return float(slowest)


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
    parser.add_argument("-d", "--dtype", choices=DTYPES, default="bf16")
    parser.add_argument("-n", "--iterations", type=int, default=50)
    parser.add_argument("--replays", type=int, default=15)
    parser.add_argument("--output", default="-", help="CSV file; - for standard output")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    local_rank = int(os.environ["LOCAL_RANK"])
    torch.cuda.set_device(local_rank)
    device = torch.device("cuda", local_rank)
    dist.init_process_group("nccl", device_id=device)
    peers = Peers(arguments, device)
    rows = []
    size = arguments.min_bytes
    while size <= arguments.max_bytes:
        times = peers.row(size, DTYPES[arguments.dtype])
        rows.append({"world": dist.get_world_size(), "dtype": arguments.dtype, "bytes": size}
                    | {k: "" if v is None else f"{v:.2f}" for k, v in times.items()})
        size *= arguments.factor
    if dist.get_rank() == 0:
        output = sys.stdout if arguments.output == "-" else open(arguments.output, "w", newline="")
        writer = csv.DictWriter(output, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
        output.flush()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
