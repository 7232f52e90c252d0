// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Files that are refused before any of their code is mapped, and what the errors say.

mod support;

use std::path::Path;
use support::{build, link, zoo, zoo_manifest};
use symm_abi::{ABI_VERSION, Device, Manifest};
use symm_runtime::{Artifact, Program, WorldSpec};

const EMPTY: &str = "void symm_entry_main(void **args) { (void)args; }\n";

fn refusal(path: &Path) -> String {
    let error = Program::load(path).unwrap_err().to_string();
    assert!(error.starts_with(&path.display().to_string()), "{error}");
    error
}

fn refusal_of(change: impl FnOnce(&mut Manifest)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program.so");
    let mut manifest = zoo_manifest(2);
    manifest.entries.clear();
    change(&mut manifest);
    build(&path, &manifest, EMPTY);
    refusal(&path)
}

#[test]
fn every_damage_is_found() {
    let path = zoo(2);
    let good = std::fs::read(&path).unwrap();
    Artifact::read(&path).unwrap();
    let copy = path.with_extension("damaged.so");
    for at in (0..good.len()).step_by(97) {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        std::fs::write(&copy, &bad).unwrap();
        assert!(
            Artifact::read(&copy).is_err(),
            "byte {at} of {}",
            good.len()
        );
    }
    for length in (0..good.len()).step_by(997) {
        std::fs::write(&copy, &good[..length]).unwrap();
        assert!(
            Artifact::read(&copy).is_err(),
            "{length} of {} bytes",
            good.len()
        );
    }
    let mut longer = good.clone();
    longer.push(0);
    std::fs::write(&copy, &longer).unwrap();
    assert!(refusal(&copy).contains("file is damaged"));
}

#[test]
fn foreign_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program.so");
    assert!(refusal(&path).contains("No such file"));
    std::fs::write(&path, "module {}").unwrap();
    assert!(refusal(&path).contains("not an ELF shared object"));
    std::fs::copy(std::env::current_exe().unwrap(), &path).unwrap();
    assert!(refusal(&path).contains("expected the output of symm-compile"));
    link(&path, &zoo_manifest(2).to_json(), EMPTY);
    assert!(refusal(&path).contains("file is damaged"));
    link(&path, b"{\"abi_version\": 99, \"else\": 1}", EMPTY);
    let versions = format!("ABI version 99, expected {ABI_VERSION}: compile the program again");
    assert!(refusal(&path).contains(&versions));
}

#[test]
fn other_machines_are_refused() {
    assert!(
        refusal_of(|m| m.device = Device::Cuda)
            .contains("a program for CUDA has no section 'cuda'")
    );
    assert!(
        refusal_of(|m| m.arch = "pdp11".into()).contains("compiled for pdp11, this machine is")
    );
    assert!(
        refusal_of(|m| m.cpu_features = vec!["avx1024".into()]).contains("CPU feature 'avx1024'")
    );
    assert!(refusal_of(|m| m.groups[0].size = 7).contains("group @tp of size 7 has 2 ranks"));
}

#[test]
fn a_program_for_one_device_is_none_for_another() {
    let artifact = Artifact::read(&zoo(2)).unwrap();
    artifact.require(Device::Cpu).unwrap();
    let error = artifact.require(Device::Cuda).unwrap_err().to_string();
    assert!(
        error.contains("compiled for --device=cpu, expected --device=cuda"),
        "{error}"
    );
}

#[test]
fn missing_symbols_are_refused() {
    let entry = zoo_manifest(2).entries.remove(0);
    assert!(refusal_of(|m| m.entries = vec![entry]).contains("can't be loaded"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program.so");
    build(
        &path,
        &zoo_manifest(2),
        "void nowhere(void); void symm_entry_main(void **args) { (void)args; nowhere(); }\n",
    );
    assert!(refusal(&path).contains("nowhere"));
}

#[test]
fn waits_for_ever_end_on_every_clock() {
    let longest = std::time::Duration::MAX;
    let spec = WorldSpec::new(&zoo_manifest(4), 4, longest, None).unwrap();
    let twice = std::time::Instant::now().checked_add(2 * spec.timeout);
    assert!(twice.is_some(), "{:?}", spec.timeout);
}

#[test]
fn worlds_that_do_not_fit_the_program_are_refused() {
    let second = std::time::Duration::from_secs(1);
    let spec = |manifest: &Manifest, size, heap| {
        WorldSpec::new(manifest, size, second, heap).map_err(|error| error.to_string())
    };
    let mut manifest = zoo_manifest(4);
    assert_eq!(
        spec(&manifest, 3, None).unwrap_err(),
        "program runs on 4 ranks, got 3: start as many"
    );
    assert_eq!(
        spec(&manifest, 5, None).unwrap_err(),
        "program runs on 4 ranks, got 5: start as many"
    );
    manifest.world_size = None;
    assert_eq!(
        spec(&manifest, 3, None).unwrap_err(),
        "program runs on at least 4 ranks, got 3: start as many"
    );
    assert_eq!(spec(&manifest, 5, None).unwrap().size, 5);
    assert!(
        spec(&manifest, 257, None)
            .unwrap_err()
            .contains("at most 256")
    );
    manifest.groups[0].heap_bytes = Some(1 << 20);
    assert_eq!(
        spec(&manifest, 4, None).unwrap().groups[0].heap_bytes,
        1 << 20
    );
    let error = spec(&manifest, 4, Some(4096)).unwrap_err();
    assert!(
        error
            .contains("@tp has 4096 bytes per rank, the program needs 1048576: raise --heap-bytes"),
        "{error}"
    );
    let huge = spec(&manifest, 4, Some(1 << 60)).unwrap();
    let error = symm_runtime::World::create(huge).unwrap_err().to_string();
    assert!(
        error.contains("heap of @tp can't be had: 1152921504606846976 bytes for each of 4 ranks"),
        "{error}"
    );
}
