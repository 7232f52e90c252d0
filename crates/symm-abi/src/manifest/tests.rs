// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

use super::*;
use crate::{
    ReduceOp,
    cuda::{AllReduce, Matmul, PtxModule},
    gpu::{Algorithm, KernelSpec, Trigger},
};

fn manifest() -> Manifest {
    let value = |name: &str| Value {
        name: name.into(),
        dtype: DType::F32,
        shape: vec![8, 4],
    };
    Manifest {
        abi_version: ABI_VERSION,
        device: Device::Cpu,
        arch: "x86_64".into(),
        cpu_features: vec![],
        producer: "test".into(),
        plan_hash: "0".repeat(64),
        world_size: Some(4),
        groups: vec![Group {
            name: "tp".into(),
            size: 2,
            ranks: vec![1, 3],
            symm_mem: true,
            heap_bytes: Some(4096),
        }],
        ops: vec![Op {
            id: 0,
            name: "c10d.all_reduce".into(),
            loc: "a.mlir:1:1".into(),
            group: 0,
            algorithm: "library".into(),
            phases: vec![],
        }],
        entries: vec![Entry {
            name: "main".into(),
            symbol: "symm_entry_main".into(),
            args: vec![value("x")],
            results: vec![value("out0")],
        }],
        buffers: vec![],
        mutable_globals: false,
        cuda: None,
    }
}

fn refusal(change: impl FnOnce(&mut Manifest)) -> String {
    let mut changed = manifest();
    change(&mut changed);
    Manifest::parse(&changed.to_json()).unwrap_err().to_string()
}

#[test]
fn round_trips_with_padding() {
    let mut bytes = manifest().to_json();
    bytes.extend([0; 7]);
    assert_eq!(Manifest::parse(&bytes).unwrap(), manifest());
    assert_eq!(manifest().min_world_size(), 4);
}

#[test]
fn contradictions_are_refused() {
    let versions = format!("ABI version 7, expected {ABI_VERSION}");
    assert!(refusal(|m| m.abi_version = 7).contains(&versions));
    assert!(refusal(|m| m.plan_hash = "xyz".into()).contains("plan_hash"));
    assert!(refusal(|m| m.groups[0].ranks = vec![1]).contains("size 2 has 1 ranks"));
    assert!(refusal(|m| m.groups[0].ranks = vec![1, 1]).contains("rank '1' occurs twice"));
    assert!(refusal(|m| m.groups[0].ranks = vec![1, 4]).contains("rank 4, expected less than 4"));
    assert!(refusal(|m| m.ops[0].id = 3).contains("op 0 has id 3"));
    assert!(refusal(|m| m.ops[0].group = 1).contains("names group 1 of 1"));
    assert!(refusal(|m| m.entries[0].symbol = "main".into()).contains("symbol 'main'"));
    assert!(refusal(|m| m.entries[0].args[0].shape = vec![u64::MAX, 2]).contains("larger than"));
    assert!(
        refusal(|m| m.entries.push(m.entries[0].clone())).contains("entry 'main' occurs twice")
    );
}

#[test]
fn garbage_is_refused() {
    let version_only = format!("{{\"abi_version\": {ABI_VERSION}}}");
    for bytes in [
        &b""[..],
        b"\0\0",
        b"{",
        b"[]",
        version_only.as_bytes(),
        b"\xff\xfe",
    ] {
        assert!(Manifest::parse(bytes).is_err());
    }
}

fn cuda_manifest() -> Manifest {
    let spec = KernelSpec {
        algorithm: Algorithm::OneShotPush,
        dtype: DType::F32,
        reduce_op: ReduceOp::Sum,
        world_size: 2,
        unroll: 1,
        chip: "sm_90".into(),
    };
    let all_reduce = AllReduce {
        op: 0,
        module: 0,
        entry: spec.name(),
        spec,
        max_count: 32,
        blocks: 1,
        threads: 64,
        trigger: Trigger::None,
        channel: 0,
    };
    let matmul = Matmul {
        loc: "a.mlir:2:1".into(),
        dtype: DType::BF16,
        result_dtype: DType::F32,
        batch: 1,
        m: 8,
        n: 4,
        k: 16,
        transpose_a: false,
        transpose_b: true,
        lda: 16,
        ldb: 16,
        ldc: 4,
        stride_a: 0,
        stride_b: 0,
        stride_c: 0,
        accumulate: false,
    };
    let cuda = Cuda {
        chip: "sm_90".into(),
        modules: vec![PtxModule {
            section: ".symm.ptx.0".into(),
            ptx_version: 80,
        }],
        kernels: vec![],
        all_reduces: vec![all_reduce],
        matmuls: vec![matmul],
        constants: vec![],
        arena_bytes: None,
    };
    Manifest {
        device: Device::Cuda,
        cuda: Some(cuda),
        ..manifest()
    }
}

#[test]
fn cuda_sections_are_checked() {
    let good = cuda_manifest();
    assert_eq!(Manifest::parse(&good.to_json()).unwrap(), good);
    let refusal = |change: fn(&mut Cuda)| {
        let mut changed = cuda_manifest();
        change(changed.cuda.as_mut().unwrap());
        Manifest::parse(&changed.to_json()).unwrap_err().to_string()
    };
    assert!(refusal(|c| c.modules[0].section = ".text".into()).contains("section '.text'"));
    assert!(refusal(|c| c.all_reduces[0].op = 1).contains("op 1 of 1"));
    assert!(refusal(|c| c.all_reduces[0].module = 1).contains("module 1 of 1"));
    assert!(refusal(|c| c.all_reduces[0].threads = 33).contains("blocks of 33 threads"));
    assert!(refusal(|c| c.all_reduces[0].spec.world_size = 4).contains("group of 2 ranks"));
    assert!(refusal(|c| c.all_reduces[0].spec.unroll = 3).contains("unroll"));
    let most = good.cuda.as_ref().unwrap().all_reduces[0].spec.max_count();
    assert_eq!(most, (1 << 31) * 4);
    assert!(
        refusal(|c| c.all_reduces[0].max_count = c.all_reduces[0].spec.max_count() + 1)
            .contains("takes at most 8589934592")
    );
    assert!(
        refusal(|c| {
            c.all_reduces[0].spec.chip = "sm_80".into();
            c.all_reduces[0].trigger = Trigger::Late;
        })
        .contains("start early")
    );
    assert!(refusal(|c| c.matmuls[0].lda = 15).contains("rows of 15, 16, 4"));
    assert!(refusal(|c| c.matmuls[0].result_dtype = DType::F16).contains("makes f16 of bf16"));
    assert!(refusal(|c| c.matmuls[0].batch = 2).contains("strides"));
}

#[test]
fn channels_are_shared_by_what_is_alike() {
    let shared = |change: fn(&mut AllReduce)| {
        let mut manifest = cuda_manifest();
        manifest.groups.push(Group {
            name: "other".into(),
            ..manifest.groups[0].clone()
        });
        for group in [0, 1] {
            let id = manifest.ops.len() as u32;
            let op = manifest.ops[0].clone();
            manifest.ops.push(Op { id, group, ..op });
        }
        let cuda = manifest.cuda.as_mut().unwrap();
        let mut second = AllReduce {
            op: 1,
            max_count: 100,
            ..cuda.all_reduces[0].clone()
        };
        change(&mut second);
        cuda.all_reduces.push(second);
        Manifest::parse(&manifest.to_json())
    };
    let cuda = shared(|_| ()).unwrap().cuda.unwrap();
    let [first, second] = &cuda.all_reduces[..] else {
        panic!("two")
    };
    let layout = cuda.channel(first);
    assert_eq!(layout, cuda.channel(second));
    assert_eq!((layout.max_count, layout.stride), (100, 25));
    let apart = shared(|second| second.channel = 1).unwrap().cuda.unwrap();
    assert_eq!(apart.channel(&apart.all_reduces[0]).max_count, 32);
    for change in [
        (|second| second.blocks = 2) as fn(&mut AllReduce),
        |second| second.threads = 128,
        |second| second.trigger = Trigger::Early,
        |second| second.spec.reduce_op = ReduceOp::Max,
        |second| second.op = 2,
    ] {
        let error = shared(change).unwrap_err().to_string();
        assert!(error.contains("share channel 0"), "{error}");
    }
}

#[test]
fn a_device_has_the_section_that_belongs_to_it() {
    let mut manifest = cuda_manifest();
    manifest.device = Device::Cpu;
    let error = Manifest::parse(&manifest.to_json()).unwrap_err();
    assert!(error.to_string().contains("has a section 'cuda'"));
    manifest.device = Device::Cuda;
    manifest.cuda = None;
    let error = Manifest::parse(&manifest.to_json()).unwrap_err();
    assert!(error.to_string().contains("no section 'cuda'"));
}
