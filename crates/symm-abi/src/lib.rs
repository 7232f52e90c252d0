// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What compiled Symm programs and the runtime agree on.
//!
//! An *artifact* is an ELF shared object with three things in it besides its code:
//!
//! - the section [`MANIFEST_SECTION`]: a [`Manifest`] as JSON, read before any code of the artifact is loaded;
//! - the section [`DIGEST_SECTION`]: the SHA-256 of the file, written by [`artifact::seal`] after linking;
//! - the exported pointer [`RUNTIME_SYMBOL`], which the runtime sets to its [`RuntimeTable`] after loading, and one
//!   exported function [`EntryFn`] per entry.
//!
//! An artifact for CUDA also has sections with PTX and constants, which the manifest names; see [`cuda`].
//!
//! The compiler depends on this crate to write artifacts, the runtime to read them; neither knows the other.

pub mod artifact;
pub mod cuda;
mod dtype;
pub mod gpu;
mod manifest;
mod table;

pub use dtype::{CollectiveKind, DType, ReduceOp};
pub use manifest::{Buffer, Device, Entry, Group, Manifest, ManifestError, Op, Value};
pub use table::{
    AllReduceCall, CollectiveCall, EntryFn, GroupView, LaunchCall, MatmulCall, NOT_A_MEMBER,
    PAD_STRIDE, RuntimeTable,
};

/// Version of everything in this crate; an artifact of another version is refused.
pub const ABI_VERSION: u32 = 2;

/// ELF section that holds the manifest; zero bytes after the JSON are ignored.
pub const MANIFEST_SECTION: &str = ".symm.manifest";

/// ELF section of [`DIGEST_BYTES`] bytes that holds the digest of the file; the compiler emits it as zeros.
pub const DIGEST_SECTION: &str = ".symm.digest";

/// Size of [`DIGEST_SECTION`]: one SHA-256.
pub const DIGEST_BYTES: usize = 32;

/// Exported data symbol of pointer size, null in the file, that receives the address of the [`RuntimeTable`].
pub const RUNTIME_SYMBOL: &str = "symm_rt";

/// Prefix of the exported entry functions: entry `main` is the symbol `symm_entry_main`.
pub const ENTRY_PREFIX: &str = "symm_entry_";
