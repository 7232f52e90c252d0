// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

use super::*;

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
    assert!(refusal(|m| m.abi_version = 7).contains("ABI version 7, expected 1"));
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
    for bytes in [
        &b""[..],
        b"\0\0",
        b"{",
        b"[]",
        b"{\"abi_version\": 1}",
        b"\xff\xfe",
    ] {
        assert!(Manifest::parse(bytes).is_err());
    }
}
