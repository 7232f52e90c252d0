// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What generated GPU kernels and their launcher agree on.
//!
//! A kernel is named by a [`KernelSpec`]. It takes one parameter, a [`KernelParams`] by value, and works on
//!
//! - a *channel*: a range of symmetric memory at the same offset of every rank's segment, laid out and filled as
//!   [`Channel`] says. Two collectives that can be live at once never share a channel;
//! - the channel's *state*: ordinary device memory of this rank, zeros at first: a [`StateHeader`] and one
//!   [`BlockState`] per block;
//! - the group's *abort word*: a `u32` in symmetric memory, zero while the group is well;
//! - an [`ErrorRecord`] in host memory that the device can write.
//!
//! Every launch on a channel has the same grid and block size (the epochs are counted per block), and every rank makes
//! the same launches on it in the same order. The element count may differ from call to call, if it does so on every
//! rank alike.

mod bundle;
mod channel;
mod chip;
mod kernel;
mod launch;
mod params;
mod reduction;

pub use bundle::{Bundle, BundleError, BundleKernel, INDEX_FILE, Soundness};
pub use channel::{Channel, Fill, SIGNAL_BYTES, SLOTS};
pub use chip::Chip;
pub use kernel::{Algorithm, KernelImage, KernelSpec, MAX_WORLD_SIZE, SpecError, Wire};
pub use launch::{ChipTable, Choice, Launch, LaunchTable, LaunchTableError, Shape, Trigger};
pub use params::{
    BlockState, EPOCH_PERIOD, ErrorRecord, FLAG_TRIGGER_EARLY, FLAG_TRIGGER_LATE, KernelParams,
    RECORD_ABORTED, RECORD_TIMEOUT, StateHeader,
};
pub use reduction::Reduction;
