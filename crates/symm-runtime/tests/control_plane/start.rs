// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What is refused before anything runs.

use crate::{Ranks, on_gpus};

#[test]
fn an_arena_that_fits_no_gpu_is_refused() {
    on_gpus(&[], || {
        for bytes in [u64::MAX, 1 << 60] {
            let mut ranks = Ranks::of("zoo", 2);
            ranks.config.arena_bytes = Some(bytes);
            let (program, outcome) = ranks.run(|_| Ok(()));
            let text = outcome.unwrap_err().report.describe(program.manifest());
            let expected = format!("an arena of {bytes} bytes fits no GPU: lower --arena-bytes");
            assert!(text.contains(&expected), "{text}");
        }
    });
}
