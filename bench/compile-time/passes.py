#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where compile time goes: each pass of Symm beside MLIR's own, on modules of growing size.

`cargo xtask bench` compares whole runs of the tools; this takes them apart. Build first:
`cargo build --release -p symm-opt -p symm-plugin`, then run this file. The functions are
chains on tensors: `c10d.all_reduce`, `c10d.wait_tensor`, elementwise `linalg`.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

FUNCTIONS = 100
BUFFERIZE = "one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map}"
SYMM = f"builtin.module(lower-comm,empty-tensor-to-alloc-tensor,{BUFFERIZE},place-symmetric-buffers)"
STOCK = "builtin.module(canonicalize,cse)"
# What MLIR's report calls the passes, in the order of the table.
COLUMNS = {
    "LowerComm": "lower-comm",
    "OneShotBufferizePass": "one-shot-bufferize",
    "PlaceSymmetricBuffers": "place-symmetric-buffers",
    "Canonicalizer": "canonicalize",
    "CSE": "cse",
}


def chain(name, length):
    """Returns a function of `length` all-reduces, each on what was made of the one before."""
    tensor = "tensor<8x64xf32>"
    lines = [f"func.func @{name}(%y0: {tensor}) -> {tensor} {{"]
    for i in range(length):
        # An empty tensor of its own for each: with one for all, MLIR's bufferization takes time
        # quadratic in their number, collectives or not.
        lines += [
            f"  %e{i} = tensor.empty() : {tensor}",
            f"  %x{i} = linalg.exp ins(%y{i} : {tensor}) outs(%e{i} : {tensor}) -> {tensor}",
            f"  %s{i} = c10d.all_reduce<sum> %x{i} on @tp : {tensor}",
            f"  %y{i + 1} = c10d.wait_tensor %s{i} : {tensor}",
        ]
    return "\n".join([*lines, f"  return %y{length} : {tensor}", "}"])


def module(all_reduces):
    """Returns a module with that many all-reduces in 100 functions."""
    functions = (chain(f"f{i}", all_reduces // FUNCTIONS) for i in range(FUNCTIONS))
    return "\n".join(["comm.group @tp size(8) {symm_mem}", *functions])


def pass_times(command):
    """Runs a tool once and returns the wall milliseconds of each pass, and of all of the run."""
    report = subprocess.run(
        [*command, "--mlir-timing", "--mlir-timing-display=list", "--mlir-output-format=json", "-o", os.devnull],
        check=True, capture_output=True, text=True,
    ).stderr
    times = {}
    for entry in json.loads(report):
        if entry:
            times[entry["name"]] = times.get(entry["name"], 0.0) + entry["wall"]["duration"] * 1e3
    return times


def medians(runs):
    """Returns the median of each pass over several runs."""
    return {name: statistics.median(run.get(name, 0.0) for run in runs) for name in runs[0]}


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sizes", nargs="*", type=int, default=[1000, 2000, 5000, 10000], help="all-reduces")
    parser.add_argument("--bin", type=pathlib.Path, default=target / "release", help="folder of symm-opt and the plugin")
    parser.add_argument("--mlir-opt", default=os.environ.get("MLIR_SYS_220_PREFIX", "/usr/lib/llvm-22") + "/bin/mlir-opt")
    parser.add_argument("--repetitions", type=int, default=5, help="runs of each; the median counts")
    args = parser.parse_args()
    plugin = args.bin / "libsymm_plugin.so"
    symm = [args.bin / "symm-opt", f"--pass-pipeline={SYMM}"]
    stock = [args.mlir_opt, f"--load-dialect-plugin={plugin}", f"--pass-pipeline={STOCK}"]

    print("milliseconds; µs/op: of the passes marked *, per all-reduce; ratio: * over canonicalize + cse")
    header = ["all-reduces"] + [
        name + ("*" if name in ("lower-comm", "place-symmetric-buffers") else "") for name in COLUMNS.values()
    ]
    print("| " + " | ".join([*header, "µs/op", "ratio"]) + " |")
    print("|" + "---:|" * (len(header) + 2))
    for size in args.sizes:
        if size % FUNCTIONS:
            sys.exit(f"expected a multiple of {FUNCTIONS} all-reduces, got {size}")
        with tempfile.NamedTemporaryFile("w", suffix=".mlir") as source:
            source.write(module(size))
            source.flush()
            # In turn, so that a busy machine slows both.
            runs = [{**pass_times([*symm, source.name]), **pass_times([*stock, source.name])}
                    for _ in range(args.repetitions)]
        print_row(size, medians(runs))


def print_row(size, times):
    """Prints a row of the table."""
    values = {column: times[name] for name, column in COLUMNS.items()}
    ours = values["lower-comm"] + values["place-symmetric-buffers"]
    theirs = values["canonicalize"] + values["cse"]
    cells = [f"{value:.1f}" for value in values.values()]
    print(f"| {size} | " + " | ".join(cells) + f" | {ours * 1e3 / size:.2f} | {ours / theirs:.2f} |", flush=True)


if __name__ == "__main__":
    main()
