// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Symmetric heaps of threads and of processes.

use std::{
    env, fs,
    path::PathBuf,
    process::Child,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use symm_abi::gpu::{Channel, Fill};
use symm_cuda::{
    Device, Error, Gpu, Stream,
    exchange::{Exchange, JobToken, Membership},
    heap::{Heap, HeapLayout},
    memory::HostMapped,
    peers::{self, PeerLink},
    watch::{Names, Watch},
};

use crate::{harness, kernels};

const BOUND: Duration = Duration::from_secs(20);

fn layout(world: u32) -> HeapLayout {
    let channel = |bytes, fill| Channel {
        bytes,
        fill,
        state_bytes: 64,
        stride: 1,
        max_count: 1,
    };
    HeapLayout::new(
        world,
        &[channel(100_000, Fill::Ones), channel(512, Fill::Zeros)],
        1 << 16,
    )
    .unwrap()
}

/// The device of a rank where there may be fewer GPUs than ranks.
fn device_of(rank: u32) -> Device {
    Device::open(rank as usize % Gpu::count().unwrap()).unwrap()
}

/// What rank `from` leaves with rank `to`.
fn token(from: u32, to: u32) -> u32 {
    1000 + 10 * from + to
}

/// Stores this rank's tokens into every member's buffers.
fn greet(heap: &Heap, stream: &Stream) {
    let slot = heap.layout().buffers() as u64 + 4 * u64::from(heap.rank());
    for (to, base) in heap.bases().iter().enumerate() {
        kernels::store_word(stream, base + slot, token(heap.rank(), to as u32));
    }
    stream.synchronize().unwrap();
}

/// Checks that every member has left its token here, and that nothing else was touched.
fn check(heap: &Heap) {
    let mut bytes = vec![0; heap.layout().bytes()];
    heap.read(0, &mut bytes).unwrap();
    let word = |offset: usize| u32::from_le_bytes(bytes[offset..offset + 4].try_into().unwrap());
    for from in 0..heap.world() {
        let offset = heap.layout().buffers() + 4 * from as usize;
        assert_eq!(
            word(offset),
            token(from, heap.rank()),
            "from {from} to {}",
            heap.rank()
        );
    }
    let [ones, zeros] = heap.layout().channels() else {
        panic!("two channels")
    };
    assert!(
        bytes[ones.offset..][..ones.bytes]
            .iter()
            .all(|b| *b == 0xff)
    );
    assert!(bytes[zeros.offset..][..zeros.bytes].iter().all(|b| *b == 0));
    assert!(bytes[..ones.offset].iter().all(|b| *b == 0));
}

fn threads(devices: &[Device]) {
    let heaps = Heap::for_threads(devices, &layout(devices.len() as u32)).unwrap();
    let streams: Vec<_> = devices
        .iter()
        .map(|device| Stream::new(device).unwrap())
        .collect();
    heaps
        .iter()
        .zip(&streams)
        .for_each(|(heap, stream)| greet(heap, stream));
    heaps.iter().for_each(check);
    let first = &heaps[0];
    let ones = first.layout().channels()[0].offset;
    kernels::store_word(&streams[0], first.base() + ones as u64, 0);
    streams[0].synchronize().unwrap();
    first.reset().unwrap();
    check(first);
    assert!(first.read(first.layout().bytes() - 1, &mut [0, 0]).is_err());
    // A rank may leave before the others: its memory stays until nobody maps it.
    let mut heaps = heaps.into_iter();
    drop(heaps.next());
    heaps.for_each(|heap| check(&heap));
}

pub fn two_ranks_may_share_a_gpu() {
    threads(&[device_of(0), device_of(0)]);
}

pub fn every_pair_of_gpus_has_peer_access() {
    let gpus = Gpu::all().unwrap();
    for from in &gpus {
        for to in &gpus {
            let link = PeerLink::between(from, to).unwrap();
            println!("{from:?} -> {to:?}: {link:?}");
            assert_eq!(PeerLink::between(to, from).unwrap().access, link.access);
        }
    }
    match peers::require_all(&gpus) {
        Ok(()) => {}
        Err(error) => panic!("the other tests of several GPUs need peer access: {error}"),
    }
}

pub fn threads_reach_every_arena() {
    let devices = Device::all().unwrap();
    (2..=devices.len()).for_each(|world| threads(&devices[..world]));
}

/// Starts ranks 1 to `world − 1` as processes that play `role`, and joins them as rank 0.
fn processes(role: &str, world: u32) -> (Vec<Child>, Membership, PathBuf) {
    let folder = env::temp_dir().join(format!("symm-gpu-{}", std::process::id()));
    let member = Membership {
        rank: 0,
        world,
        token: JobToken::new(folder.as_os_str().as_encoded_bytes()),
        socket: folder.join("job.sock"),
    };
    let start = |rank: u32| {
        let variables = [
            ("SYMM_TEST_ROLE", role.to_owned()),
            ("SYMM_TEST_RANK", rank.to_string()),
            ("SYMM_TEST_WORLD", world.to_string()),
            ("SYMM_TEST_FOLDER", folder.display().to_string()),
        ];
        harness::start(&["--role"], &variables)
    };
    ((1..world).map(start).collect(), member, folder)
}

fn all_succeed(children: Vec<Child>, folder: PathBuf) {
    for mut child in children {
        assert_eq!(
            harness::wait(&mut child, BOUND),
            Some(true),
            "a rank failed"
        );
    }
    let _ = fs::remove_dir_all(folder);
}

/// What a process that a test has started does.
pub fn role_of_a_process() {
    let role = env::var("SYMM_TEST_ROLE").unwrap();
    let number = |name| env::var(name).unwrap().parse::<u32>().unwrap();
    let folder = PathBuf::from(env::var_os("SYMM_TEST_FOLDER").unwrap());
    let member = Membership {
        rank: number("SYMM_TEST_RANK"),
        world: number("SYMM_TEST_WORLD"),
        token: JobToken::new(folder.as_os_str().as_encoded_bytes()),
        socket: folder.join("job.sock"),
    };
    match role.as_str() {
        "greet" => greet_as(&member),
        "other plan" => refuse_as(&member, member.rank as u8),
        "join and die" => {
            let (_exchange, _heap) = join(&member, 0);
            std::process::abort();
        }
        role => panic!("no such role: {role}"),
    }
}

fn join(member: &Membership, plan: u8) -> (Exchange, Heap) {
    let mut exchange = Exchange::join(member, BOUND).unwrap();
    let heap = Heap::join(
        &device_of(member.rank),
        &layout(member.world),
        &[plan; 32],
        &mut exchange,
    );
    (exchange, heap.unwrap())
}

fn greet_as(member: &Membership) {
    let (mut exchange, heap) = join(member, 0);
    let stream = Stream::new(heap.device()).unwrap();
    greet(&heap, &stream);
    exchange.barrier("greet").unwrap();
    check(&heap);
    exchange.barrier("check").unwrap();
}

fn refuse_as(member: &Membership, plan: u8) {
    let mut exchange = Exchange::join(member, BOUND).unwrap();
    let device = device_of(member.rank);
    let error = Heap::join(&device, &layout(member.world), &[plan; 32], &mut exchange).unwrap_err();
    assert!(
        matches!(&error, Error::RanksDiffer { what: "plan", .. }),
        "{error}"
    );
}

pub fn processes_reach_every_arena() {
    for world in 2..=Gpu::count().unwrap().max(2) as u32 {
        let (children, member, folder) = processes("greet", world);
        greet_as(&member);
        all_succeed(children, folder);
    }
}

pub fn processes_with_other_plans_are_refused() {
    let (children, member, folder) = processes("other plan", 2);
    refuse_as(&member, 0);
    all_succeed(children, folder);
}

pub fn a_killed_process_runs_a_wait_out() {
    let (mut children, member, folder) = processes("join and die", 2);
    let (mut exchange, heap) = join(&member, 0);
    assert_eq!(
        harness::wait(&mut children[0], BOUND),
        Some(false),
        "it should have died"
    );
    let stream = Stream::new(heap.device()).unwrap();
    let watch = Watch::new(heap.device(), 0, 1).unwrap();
    let bound = Duration::from_millis(300);
    let begun = Instant::now();
    // Nobody is left to write rank 1's word; its memory is still mapped here and may be touched.
    let word = heap.base() + heap.layout().buffers() as u64;
    kernels::store_word(&stream, heap.bases()[1], 1);
    kernels::wait_word(&stream, word, 1, bound, &watch, 1);
    stream.synchronize().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5));
    let names = |_: &_| Names {
        op: "op".into(),
        phase: "phase".into(),
    };
    let error = watch.check(bound, names).unwrap_err();
    assert!(
        matches!(error, Error::WaitTimedOut { peer: 1, .. }),
        "{error}"
    );
    assert!(exchange.barrier("after").is_err());
    let _ = fs::remove_dir_all(folder);
}

pub fn the_host_reaches_a_kernel_that_waits_on_a_peer() {
    let devices = [0, 1].map(|rank| Device::open(rank).unwrap());
    let heaps = Heap::for_threads(&devices, &layout(2)).unwrap();
    let (near, far) = (&heaps[0], &heaps[1]);
    let waiting = Stream::new(far.device()).unwrap();
    let watch = Watch::new(far.device(), 1, 1).unwrap();
    let words = HostMapped::new(near.device(), 4).unwrap();
    words.word32(0).unwrap().store(1, Ordering::Relaxed);
    // A launch that loads its kernel lazily would count as waiting time.
    kernels::wait_word(&waiting, far.abort_word(), 0, BOUND, &watch, 0);
    waiting.synchronize().unwrap();

    let begun = Instant::now();
    let _loaded = kernels::wait_word(&waiting, far.abort_word(), 1, BOUND, &watch, 0);
    let telling = Stream::new(near.device()).unwrap();
    for address in near.abort_words() {
        // SAFETY: the addresses are of arenas that this device may write; arenas and words outlive the streams' work.
        unsafe { words.send(&telling, (0, 4), address) }.unwrap();
    }
    waiting.synchronize().unwrap();
    assert!(
        begun.elapsed() < BOUND / 4,
        "told after {:?}",
        begun.elapsed()
    );
    assert_eq!(watch.record(), None);
    telling.synchronize().unwrap();
}
