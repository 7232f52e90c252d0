// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which GPUs can address each other's memory, and how well.

use cudarc::driver::sys::{self, CUdevice_P2PAttribute};

use crate::{
    driver::{Gpu, Uuid},
    error::{Error, Result},
};

/// How one GPU reaches another's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerLink {
    /// Loads and stores reach the peer's memory.
    pub access: bool,
    /// Atomics do too, which NVLink gives and PCIe does not.
    pub native_atomics: bool,
    /// The driver's rank of the link among the host's links: 0 is the fastest.
    pub performance_rank: i32,
}

impl PeerLink {
    /// Asks the driver how `from` reaches the memory of `to`; a GPU reaches itself at full speed.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if the driver refuses.
    pub fn between(from: &Gpu, to: &Gpu) -> Result<Self> {
        if from == to {
            return Ok(Self {
                access: true,
                native_atomics: true,
                performance_rank: 0,
            });
        }
        use CUdevice_P2PAttribute::*;
        Ok(Self {
            access: can_access(from, to)?,
            native_atomics: attribute(from, to, CU_DEVICE_P2P_ATTRIBUTE_NATIVE_ATOMIC_SUPPORTED)?
                != 0,
            performance_rank: attribute(from, to, CU_DEVICE_P2P_ATTRIBUTE_PERFORMANCE_RANK)?,
        })
    }
}

/// Checks that every one of `gpus` can address the memory of every other.
///
/// # Errors
///
/// [`Error::NoPeerAccess`] naming the first pair that cannot, [`Error::Call`] if the driver refuses.
pub fn require_all(gpus: &[Gpu]) -> Result<()> {
    for from in gpus {
        require_from(from, gpus)?;
    }
    Ok(())
}

/// Checks that `from` can address the memory of each of `peers`.
///
/// # Errors
///
/// [`Error::NoPeerAccess`] naming the first peer that it cannot, [`Error::Call`] if the driver refuses.
pub fn require_from(from: &Gpu, peers: &[Gpu]) -> Result<()> {
    for to in peers {
        if !PeerLink::between(from, to)?.access {
            return Err(Error::NoPeerAccess {
                from: from.ordinal(),
                from_name: from.name()?,
                to: to.ordinal(),
                to_name: to.name()?,
            });
        }
    }
    Ok(())
}

/// Checks that no two ranks have the same GPU; `gpus` are those of all ranks, by rank.
///
/// # Errors
///
/// [`Error::SharedGpu`] naming the first two ranks that have.
pub fn require_distinct(gpus: &[Uuid]) -> Result<()> {
    for (peer, uuid) in gpus.iter().enumerate() {
        if let Some(rank) = gpus[..peer].iter().position(|other| other == uuid) {
            return Err(Error::SharedGpu {
                rank: rank as u32,
                peer: peer as u32,
                uuid: uuid.to_string(),
            });
        }
    }
    Ok(())
}

/// Returns how many ranks have a GPU; `gpus` are those of all ranks, by rank.
#[must_use]
pub fn sharing(gpus: &[Uuid], gpu: Uuid) -> usize {
    gpus.iter().filter(|&&other| other == gpu).count()
}

/// Returns how many of the blocks that fit on a GPU each of the ranks that share it may launch at once, where they wait for
/// each other's.
///
/// They leave room for those of every other rank, and half of the GPU for other kernels that a rank has to get through before it
/// comes to the blocks that the others wait for.
#[must_use]
pub fn fair_share(fits: usize, sharing: usize) -> usize {
    if sharing < 2 {
        fits
    } else {
        fits / sharing / 2
    }
}

fn can_access(from: &Gpu, to: &Gpu) -> Result<bool> {
    let mut can = 0;
    // SAFETY: `can` outlives the call; both handles came from the driver.
    let code = unsafe { sys::cuDeviceCanAccessPeer(&mut can, from.raw(), to.raw()) };
    from.check("cuDeviceCanAccessPeer", code)?;
    Ok(can != 0)
}

fn attribute(from: &Gpu, to: &Gpu, attribute: CUdevice_P2PAttribute) -> Result<i32> {
    let mut value = 0;
    // SAFETY: `value` outlives the call; both handles came from the driver.
    let code = unsafe { sys::cuDeviceGetP2PAttribute(&mut value, attribute, from.raw(), to.raw()) };
    from.check("cuDeviceGetP2PAttribute", code)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_on_one_gpu_are_named() {
        let gpu = |number| Uuid([number; 16]);
        require_distinct(&[gpu(1), gpu(2), gpu(3)]).unwrap();
        let error = require_distinct(&[gpu(1), gpu(2), gpu(3), gpu(2)]).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("ranks 1 and 3 are both on GPU-02020202"),
            "{text}"
        );
    }

    #[test]
    fn ranks_on_one_gpu_leave_room_for_each_other() {
        let gpu = |number| Uuid([number; 16]);
        let gpus = [gpu(1), gpu(2), gpu(1), gpu(1)];
        assert_eq!(sharing(&gpus, gpu(1)), 3);
        assert_eq!(fair_share(132, sharing(&gpus, gpu(2))), 132);
        assert_eq!(fair_share(132, sharing(&gpus, gpu(1))), 22);
        assert_eq!(fair_share(3, 2), 0);
    }
}
