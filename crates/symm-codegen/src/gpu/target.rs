// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Chips and PTX versions: the pipeline that outlines kernels checks them first.

pub use symm_transforms::gpu_target::{Target, TargetError};
