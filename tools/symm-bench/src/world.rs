// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The ranks that this process drives, and how it keeps step with the processes that drive the others.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use symm_cuda::{
    Device, Error, Gpu, Stream,
    driver::Uuid,
    exchange::{Exchange, Membership},
    heap::{Heap, HeapLayout},
    launch_env::LaunchEnv,
    peers,
};

/// A rank of this process.
pub struct Rank {
    /// Its number.
    pub rank: u32,
    /// Its GPU.
    pub device: Device,
    /// The stream that everything is timed on.
    pub stream: Stream,
}

/// All ranks: those of this process, and a line to the others.
pub struct World {
    /// How many ranks there are.
    pub size: u32,
    /// Those of this process.
    pub ranks: Vec<Rank>,
    exchange: Option<Exchange>,
    /// How many ranks have a GPU together, at most.
    pub sharing: usize,
}

impl World {
    /// Drives `size` ranks from this process, one GPU each unless they may share.
    pub fn here(size: u32, share: bool) -> Result<Self> {
        let ranks = (0..size)
            .map(|rank| open(rank, rank, share))
            .collect::<Result<Vec<_>>>()?;
        Self::of(size, ranks, None, share)
    }

    /// Drives the one rank that a launcher gave this process.
    pub fn joined(env: &LaunchEnv, share: bool, timeout: Duration) -> Result<Self> {
        let rank = open(env.rank, env.local_rank, share)?;
        let member: Membership = env.membership();
        let exchange = Exchange::join(&member, timeout)?;
        Self::of(env.world, vec![rank], Some(exchange), share)
    }

    fn of(size: u32, ranks: Vec<Rank>, exchange: Option<Exchange>, share: bool) -> Result<Self> {
        let mut world = Self {
            size,
            ranks,
            exchange,
            sharing: 1,
        };
        let gpus = world.gpus()?;
        if share {
            let sharing = gpus.iter().map(|&gpu| peers::sharing(&gpus, gpu));
            world.sharing = sharing.max().unwrap_or(1);
        } else {
            peers::require_distinct(&gpus)?;
        }
        Ok(world)
    }

    /// Returns the GPUs of all ranks, in their order.
    fn gpus(&mut self) -> Result<Vec<Uuid>> {
        let mut own = Vec::new();
        for rank in &self.ranks {
            own.extend(rank.device.uuid()?.0);
        }
        let all = self.gather("compare the GPUs", &own)?.concat();
        let (gpus, rest) = all.as_chunks();
        ensure!(rest.is_empty(), "every rank sends a UUID");
        Ok(gpus.iter().map(|&bytes| Uuid(bytes)).collect())
    }

    /// Tells whether this process speaks for the job.
    pub fn leads(&self) -> bool {
        self.ranks.iter().any(|rank| rank.rank == 0)
    }

    /// Waits until the other processes have come to the same place.
    pub fn barrier(&mut self, step: &str) -> Result<()> {
        self.gather(step, &[]).map(|_| ())
    }

    /// Returns the numbers of all ranks, in their order, for one number of each rank of this process.
    pub fn all(&mut self, mine: &[f64]) -> Result<Vec<f64>> {
        let mine: Vec<u8> = mine
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        let all = self.gather("numbers of each rank", &mine)?.concat();
        let numbers = all
            .chunks_exact(8)
            .map(|bytes| bytes.try_into().map(f64::from_le_bytes));
        let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
        ensure!(
            numbers.len() == self.size as usize,
            "every rank sends one number"
        );
        Ok(numbers)
    }

    /// Returns the sum over all processes.
    pub fn total(&mut self, value: f64) -> Result<f64> {
        let all = self.gather("total", &value.to_le_bytes())?;
        let numbers = all
            .into_iter()
            .map(|bytes| bytes.try_into().map(f64::from_le_bytes));
        numbers
            .sum::<Result<_, _>>()
            .ok()
            .context("every process sends one number")
    }

    /// Returns the texts of all ranks, in their order, for one text of each rank of this process.
    pub fn texts(&mut self, mine: &[String]) -> Result<Vec<String>> {
        let all = self.gather("texts of each rank", mine.join("\0").as_bytes())?;
        let texts = all.into_iter().map(String::from_utf8);
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        Ok(texts
            .iter()
            .flat_map(|text| text.split('\0'))
            .map(str::to_owned)
            .collect())
    }

    /// Gives rank 0's bytes to every process; `make` runs on rank 0's process only.
    pub fn leaders(&mut self, make: impl FnOnce() -> Result<Vec<u8>>) -> Result<Vec<u8>> {
        let mine = if self.leads() { make()? } else { Vec::new() };
        Ok(self.gather("from the leader", &mine)?.swap_remove(0))
    }

    /// Makes the symmetric heaps of this process's ranks.
    pub fn heaps(&mut self, layout: &HeapLayout) -> Result<Vec<Heap>> {
        if let Some(exchange) = &mut self.exchange {
            return Ok(vec![Heap::join(
                &self.ranks[0].device,
                layout,
                &[0; 32],
                exchange,
            )?]);
        }
        let devices: Vec<_> = self.ranks.iter().map(|rank| rank.device.clone()).collect();
        Ok(Heap::for_threads(&devices, layout)?)
    }

    /// Returns the streams of this process's ranks.
    pub fn streams(&self) -> Vec<Stream> {
        self.ranks.iter().map(|rank| rank.stream.clone()).collect()
    }

    /// Waits until every stream of this process is done.
    pub fn synchronize(&self) -> Result<()> {
        self.ranks
            .iter()
            .try_for_each(|rank| Ok(rank.stream.synchronize()?))
    }

    fn gather(&mut self, step: &str, bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
        match &mut self.exchange {
            None => Ok(vec![bytes.to_vec()]),
            Some(exchange) => {
                let shares = exchange.all_gather(step, bytes, &[])?;
                Ok(shares.into_iter().map(|share| share.bytes).collect())
            }
        }
    }
}

/// Returns how many GPUs there are, of which this program needs at least one.
pub fn count_gpus() -> Result<usize> {
    let count = Gpu::count().map_err(without_gpu)?;
    if count == 0 {
        return Err(without_gpu(Error::NoDevice));
    }
    Ok(count)
}

/// Explains an error of the driver: there is no other device that this program could run on.
fn without_gpu(error: Error) -> anyhow::Error {
    match error {
        Error::NoDriver => anyhow!(
            "no CUDA driver on this machine: libcuda.so.1 could not be loaded; install the NVIDIA driver, all that is measured \
             here runs on GPUs"
        ),
        Error::NoDevice => anyhow!("no GPU is visible: check nvidia-smi and CUDA_VISIBLE_DEVICES"),
        other => other.into(),
    }
}

fn open(rank: u32, place: u32, share: bool) -> Result<Rank> {
    let count = count_gpus()?;
    if !share && place as usize >= count {
        bail!(
            "expected a GPU for each rank, got {count} GPUs for rank {rank} to be number {place}; use -g {count}, or --share-gpus to check results only"
        );
    }
    let device = Device::open(place as usize % count)?;
    let stream = Stream::new(&device)?;
    Ok(Rank {
        rank,
        device,
        stream,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_a_device_that_this_program_has_not() {
        for error in [Error::NoDriver, Error::NoDevice] {
            let text = without_gpu(error).to_string();
            assert!(!text.contains("--device"), "{text}");
        }
    }
}
