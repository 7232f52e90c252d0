# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The lit suite: run `cargo xtask test --only lit`, or `lit test/some/file.mlir` after `cargo build`."""

import os
import shutil

import lit.formats

config.name = "Symm"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["install", "Inputs"]

root = os.path.dirname(os.path.abspath(__file__))
target_dir = os.path.join(root, os.environ.get("CARGO_TARGET_DIR", "target"))
symm_bin_dir = lit_config.params.get("symm_bin_dir", os.path.join(target_dir, "debug"))
llvm_prefix = lit_config.params.get(
    "llvm_prefix", os.environ.get("MLIR_SYS_220_PREFIX", "/usr/lib/llvm-22")
)

config.test_source_root = root
config.test_exec_root = os.path.join(target_dir, "lit")

config.environment["PATH"] = os.pathsep.join(
    [symm_bin_dir, os.path.join(llvm_prefix, "bin"), os.environ["PATH"]]
)
plugin = os.path.join(symm_bin_dir, "libsymm_plugin.so")
config.substitutions.append(
    ("%mlir_opt_symm", f"mlir-opt --load-dialect-plugin={plugin} --load-pass-plugin={plugin}")
)
config.substitutions.append(("%symm_plugin", plugin))
config.substitutions.append(("%examples", os.path.join(root, "examples")))

# The one that `cargo xtask setup --gpu-tools` fetches, or that of a CUDA toolkit.
fetched_ptxas = os.path.join(target_dir, "gpu-tools", "nvidia", "cuda_nvcc", "bin", "ptxas")
ptxas = fetched_ptxas if os.path.exists(fetched_ptxas) else shutil.which("ptxas")
if ptxas:
    config.available_features.add("ptxas")
    config.substitutions.append(("%ptxas", ptxas))
