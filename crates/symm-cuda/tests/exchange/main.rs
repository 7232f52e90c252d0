// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The ranks' meeting and rounds, with memory files in the place of GPU memory handles.

mod common;
mod rounds;
mod strangers;
