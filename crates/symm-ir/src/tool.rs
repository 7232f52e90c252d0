// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The mains of `symm-opt`, `symm-lsp-server` and `symm-translate`.

use crate::{
    context::{register_all, register_all_raw},
    pass::{PassDef, PipelineDef, statistics_report},
    text,
};
use melior::{dialect::DialectRegistry, utility::register_all_passes};
use std::{
    env,
    ffi::{CString, c_char, c_int},
    os::unix::ffi::OsStringExt,
    process::ExitCode,
    ptr,
};
use symm_sys::{symmLspServerMain, symmOptMain, symmRegisterTranslations, symmTranslateMain};

/// Runs `mlir-opt` with every dialect and pass of MLIR and Symm.
pub fn opt(passes: &[&'static PassDef], pipelines: &[&'static PipelineDef]) -> ExitCode {
    register_all_passes();
    register(passes, pipelines);
    let registry = DialectRegistry::new();
    register_all(&registry);
    let arguments = Arguments::of_process();
    // SAFETY: the arguments and the registry outlive the call.
    let code = arguments.call(|count, values| unsafe {
        symmOptMain(
            count,
            values,
            text::to_raw("Symm optimizer driver\n"),
            registry.to_raw(),
        )
    });
    if arguments.contain("-mlir-pass-statistics") {
        eprint!("{}", statistics_report());
    }
    code
}

/// Runs the language server of MLIR with every dialect of MLIR and Symm.
pub fn lsp_server() -> ExitCode {
    let registry = DialectRegistry::new();
    register_all(&registry);
    // SAFETY: the arguments and the registry outlive the call.
    Arguments::of_process()
        .call(|count, values| unsafe { symmLspServerMain(count, values, registry.to_raw()) })
}

/// Runs `mlir-translate` with every dialect of MLIR and Symm.
pub fn translate() -> ExitCode {
    // SAFETY: the callback takes any valid registry; the arguments outlive the call.
    unsafe {
        symmRegisterTranslations(Some(register_all_raw));
        Arguments::of_process().call(|count, values| {
            symmTranslateMain(count, values, text::to_raw("Symm translation driver\n"))
        })
    }
}

/// Registers passes and pipelines with MLIR.
pub fn register(passes: &[&'static PassDef], pipelines: &[&'static PipelineDef]) {
    for pass in passes {
        pass.register();
    }
    for pipeline in pipelines {
        pipeline.register();
    }
}

/// The arguments of the process, as C's main gets them.
struct Arguments(Vec<CString>);

impl Arguments {
    fn of_process() -> Self {
        // An argument of a process cannot hold a NUL.
        Self(
            env::args_os()
                .filter_map(|argument| CString::new(argument.into_vec()).ok())
                .collect(),
        )
    }

    /// Says whether a flag was given, with one dash or two.
    fn contain(&self, flag: &str) -> bool {
        self.0
            .iter()
            .filter_map(|argument| argument.to_str().ok())
            .any(|argument| argument == flag || argument.strip_prefix('-') == Some(flag))
    }

    /// Calls a main of MLIR's with them.
    fn call(&self, main: impl FnOnce(c_int, *mut *mut c_char) -> c_int) -> ExitCode {
        let mut pointers: Vec<_> = self
            .0
            .iter()
            .map(|argument| argument.as_ptr().cast_mut())
            .collect();
        pointers.push(ptr::null_mut());
        // Rust ignores the signal, and then LLVM calls a reader like `head`, who has seen enough, a fatal error.
        // SAFETY: no handler is installed, and this process has no other thread yet.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        let code = main(self.0.len() as c_int, pointers.as_mut_ptr());
        ExitCode::from(u8::try_from(code).unwrap_or(1))
    }
}
