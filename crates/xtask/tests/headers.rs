// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Every source file begins with the two SPDX lines.

use std::{
    fs,
    path::{Path, PathBuf},
};

const FOLDERS: [&str; 9] = [
    "bench", "cmake", "crates", "dialects", "examples", "include", "test", "tools", ".ci",
];
const ENDINGS: [&str; 14] = [
    "c", "cmake", "cpp", "cu", "h", "in", "mlir", "ptx", "py", "rs", "sh", "td", "test", "toml",
];

/// Collects the source files below a folder, but for what programs wrote there.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if name != "Output" && name != "__pycache__" && name != "target" {
                sources(&path, found);
            }
        } else if name == "CMakeLists.txt"
            || path
                .extension()
                .is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
        {
            found.push(path);
        }
    }
}

#[test]
fn every_source_file_has_a_header() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in FOLDERS {
        sources(&root.join(folder), &mut files);
    }
    assert!(files.len() > 300, "found {} files only", files.len());
    let without: Vec<_> = files
        .iter()
        .filter(|file| {
            let text = fs::read(file).unwrap_or_default();
            let begin = String::from_utf8_lossy(&text[..text.len().min(400)]).into_owned();
            !begin.contains("SPDX-FileCopyrightText: The Symm authors")
                || !begin.contains("SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception")
        })
        .collect();
    assert!(without.is_empty(), "no SPDX lines in {without:#?}");
}
