// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Builds the dialects through CMake, links them and binds their C API.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
};
use symm_llvm::Llvm;

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?)
        .join("../..")
        .canonicalize()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    symm_llvm::watch_environment();
    for watched in ["CMakeLists.txt", "dialects", "crates/symm-sys/build.rs"] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    let llvm = symm_llvm::find_or_exit();

    link_c_api(&llvm, &out)?;
    build_dialects(&llvm, &root, &out);
    bind(&llvm, &root, &out)?;
    println!("cargo::metadata=TD_DIR={}", root.join("dialects").display());
    println!(
        "cargo::rustc-link-arg=-Wl,-rpath,{}",
        llvm.lib_dir().display()
    );
    Ok(())
}

/// Gives mlir-sys the `libMLIR-C.so` that it links: Debian has MLIR's C API as
/// static archives only, and these are linked on top of the shared libMLIR.
fn link_c_api(llvm: &Llvm, out: &Path) -> Result<(), Box<dyn Error>> {
    let folder = out.join("mlir-c");
    fs::create_dir_all(&folder)?;
    let mut script = String::from("GROUP(");
    for archive in llvm.c_api_archives()? {
        script.push_str(&format!(" {}", archive.display()));
    }
    script.push_str(" -lMLIR )\n");
    fs::write(folder.join("libMLIR-C.so"), script)?;
    println!("cargo::rustc-link-search=native={}", folder.display());
    println!(
        "cargo::rustc-link-search=native={}",
        llvm.lib_dir().display()
    );
    Ok(())
}

fn build_dialects(llvm: &Llvm, root: &Path, out: &Path) {
    let archives = out.join("archives");
    cmake::Config::new(root)
        .generator("Ninja")
        .profile("Release")
        .no_default_flags(true)
        .define("MLIR_DIR", llvm.mlir_cmake_dir())
        .define("CMAKE_ARCHIVE_OUTPUT_DIRECTORY", &archives)
        .build_target("symm-rust")
        .build();
    println!("cargo::rustc-link-search=native={}", archives.display());
    for library in ["SymmShims", "SymmDialects"] {
        println!("cargo::rustc-link-lib=static={library}");
    }
}

fn bind(llvm: &Llvm, root: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let headers = "#include \"symm-c/Dialects.h\"\n#include \"symm-c/Shims.h\"\n";
    let folders = [
        llvm.include_dir(),
        root.join("dialects/shims/include"),
        root.join("dialects/symm/capi/include"),
    ];
    bindgen::builder()
        .header_contents("symm.h", headers)
        .clang_args(folders.map(|folder| format!("-I{}", folder.display())))
        .allowlist_file(".*/symm-c/.*")
        .blocklist_type("Mlir.*")
        .default_enum_style(bindgen::EnumVariation::NewType {
            is_bitfield: false,
            is_global: false,
        })
        .derive_debug(false)
        .generate()?
        .write_to_file(out.join("bindings.rs"))?;
    Ok(())
}
