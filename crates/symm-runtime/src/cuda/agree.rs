// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What ranks on GPUs agree on before anything is prepared.

use super::Config;
use crate::{Error, Program, Rank};
use symm_cuda::{Device, driver::Uuid, peers};

/// Meets all other ranks; checks that they have the same program, and each a GPU of its own, unless they may share.
pub(super) fn agree(
    rank: &Rank,
    program: &Program,
    device: &Device,
    config: &Config,
) -> Result<(), Error> {
    rank.record().set_gpu(device.uuid()?.0);
    rank.agree_on(program)?;
    if config.share_gpus {
        return Ok(());
    }
    let gpus: Vec<_> = rank.gpus().into_iter().map(Uuid).collect();
    Ok(peers::require_distinct(&gpus)?)
}
