// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The ranks that this process drives, and how it keeps step with the processes that drive the others.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use symm_cuda::{
    Device, Gpu, Stream,
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
}

impl World {
    /// Drives `size` ranks from this process, one GPU each unless they may share.
    pub fn here(size: u32, share: bool) -> Result<Self> {
        let ranks = (0..size)
            .map(|rank| open(rank, rank, share))
            .collect::<Result<Vec<_>>>()?;
        Self::of(size, ranks, None)
    }

    /// Drives the one rank that a launcher gave this process.
    pub fn joined(env: &LaunchEnv, share: bool, timeout: Duration) -> Result<Self> {
        let rank = open(env.rank, env.local_rank, share)?;
        let member: Membership = env.membership();
        let exchange = Exchange::join(&member, timeout)?;
        let mut world = Self::of(env.world, vec![rank], Some(exchange))?;
        if !share {
            world.require_distinct_gpus()?;
        }
        Ok(world)
    }

    fn of(size: u32, ranks: Vec<Rank>, exchange: Option<Exchange>) -> Result<Self> {
        Ok(Self {
            size,
            ranks,
            exchange,
        })
    }

    fn require_distinct_gpus(&mut self) -> Result<()> {
        let own = self.ranks[0].device.uuid()?;
        let read = |bytes: Vec<u8>| bytes.try_into().map(Uuid).ok();
        let gpus = self
            .gather("compare the GPUs", &own.0)?
            .into_iter()
            .map(read);
        let gpus: Vec<Uuid> = gpus
            .collect::<Option<_>>()
            .context("every process sends a UUID")?;
        Ok(peers::require_distinct(&gpus)?)
    }

    /// Tells whether this process speaks for the job.
    pub fn leads(&self) -> bool {
        self.ranks.iter().any(|rank| rank.rank == 0)
    }

    /// Waits until the other processes have come to the same place.
    pub fn barrier(&mut self, step: &str) -> Result<()> {
        self.gather(step, &[]).map(|_| ())
    }

    /// Returns the least value of all processes.
    pub fn least(&mut self, value: f64) -> Result<f64> {
        Ok(self
            .gather_f64("least", value)?
            .into_iter()
            .fold(f64::INFINITY, f64::min))
    }

    /// Returns the sum over all processes.
    pub fn total(&mut self, value: f64) -> Result<f64> {
        Ok(self.gather_f64("total", value)?.into_iter().sum())
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

    fn gather_f64(&mut self, step: &str, value: f64) -> Result<Vec<f64>> {
        let all = self.gather(step, &value.to_le_bytes())?;
        let read = |bytes: Vec<u8>| bytes.try_into().map(f64::from_le_bytes).ok();
        all.into_iter()
            .map(read)
            .collect::<Option<_>>()
            .context("every process sends one number")
    }
}

fn open(rank: u32, place: u32, share: bool) -> Result<Rank> {
    let count = Gpu::count()?;
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
