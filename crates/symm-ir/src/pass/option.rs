// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Options of passes and pipelines.

use crate::text;
use symm_sys::{
    SymmOptionDesc, SymmOptionKind, SymmPassRef, SymmPipelineOptionsRef, symmPassGetBool,
    symmPassGetInt64, symmPassGetString, symmPipelineGetBool, symmPipelineGetInt64,
    symmPipelineGetString,
};

/// The declaration of an option.
#[derive(Clone, Copy, Debug)]
pub struct OptionDef {
    /// Its name, such as `one-shot-threshold-bytes`.
    pub name: &'static str,
    /// What it does.
    pub help: &'static str,
    /// Its value where none is given, which fixes its type.
    pub default: OptionDefault,
}

/// The default of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionDefault {
    /// A flag.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text.
    Text(&'static str),
}

impl OptionDef {
    /// Declares a flag.
    pub const fn bool(name: &'static str, default: bool, help: &'static str) -> Self {
        Self {
            name,
            help,
            default: OptionDefault::Bool(default),
        }
    }

    /// Declares a whole number.
    pub const fn int(name: &'static str, default: i64, help: &'static str) -> Self {
        Self {
            name,
            help,
            default: OptionDefault::Int(default),
        }
    }

    /// Declares a text.
    pub const fn text(name: &'static str, default: &'static str, help: &'static str) -> Self {
        Self {
            name,
            help,
            default: OptionDefault::Text(default),
        }
    }

    /// Returns the name of the option's type, for documentation.
    pub const fn type_name(&self) -> &'static str {
        match self.default {
            OptionDefault::Bool(_) => "bool",
            OptionDefault::Int(_) => "int",
            OptionDefault::Text(_) => "string",
        }
    }

    fn lower(&self) -> SymmOptionDesc {
        let (kind, bool_default, int_default, text_default) = match self.default {
            OptionDefault::Bool(value) => (SymmOptionKind::SYMM_OPTION_BOOL, value, 0, ""),
            OptionDefault::Int(value) => (SymmOptionKind::SYMM_OPTION_INT64, false, value, ""),
            OptionDefault::Text(value) => (SymmOptionKind::SYMM_OPTION_STRING, false, 0, value),
        };
        SymmOptionDesc {
            name: text::to_raw(self.name),
            help: text::to_raw(self.help),
            kind,
            boolDefault: bool_default,
            intDefault: int_default,
            stringDefault: text::to_raw(text_default),
        }
    }
}

impl std::fmt::Display for OptionDefault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => write!(formatter, "{value}"),
            Self::Int(value) => write!(formatter, "{value}"),
            Self::Text(value) => write!(formatter, "{value:?}"),
        }
    }
}

/// Returns MLIR's form of a list of options, which lives as long as the program.
pub(super) fn lower_options(options: &'static [OptionDef]) -> &'static [SymmOptionDesc] {
    Vec::leak(options.iter().map(OptionDef::lower).collect())
}

#[derive(Clone, Copy)]
pub(super) enum Source {
    Pass(SymmPassRef),
    Pipeline(SymmPipelineOptionsRef),
}

/// The values of the options of a pass that runs or of a pipeline that is built.
pub struct OptionValues<'a> {
    defs: &'static [OptionDef],
    source: Source,
    _source: std::marker::PhantomData<&'a ()>,
}

impl OptionValues<'_> {
    /// # Safety
    ///
    /// The source must have exactly the options of `defs`, and be valid for the
    /// lifetime of the values.
    pub(super) const unsafe fn new(defs: &'static [OptionDef], source: Source) -> Self {
        Self {
            defs,
            source,
            _source: std::marker::PhantomData,
        }
    }

    /// Returns the value of a flag.
    ///
    /// # Panics
    ///
    /// Panics where no flag of that name is declared.
    pub fn bool(&self, name: &str) -> bool {
        let index = self.index(name, "bool");
        // SAFETY: the index is that of a flag.
        unsafe {
            match self.source {
                Source::Pass(pass) => symmPassGetBool(pass, index),
                Source::Pipeline(pipeline) => symmPipelineGetBool(pipeline, index),
            }
        }
    }

    /// Returns the value of a whole number.
    ///
    /// # Panics
    ///
    /// Panics where no number of that name is declared.
    pub fn int(&self, name: &str) -> i64 {
        let index = self.index(name, "int");
        // SAFETY: the index is that of a number.
        unsafe {
            match self.source {
                Source::Pass(pass) => symmPassGetInt64(pass, index),
                Source::Pipeline(pipeline) => symmPipelineGetInt64(pipeline, index),
            }
        }
    }

    /// Returns the value of a text.
    ///
    /// # Panics
    ///
    /// Panics where no text of that name is declared.
    pub fn text(&self, name: &str) -> String {
        let index = self.index(name, "string");
        // SAFETY: the index is that of a text, whose string lives as long as the
        // source does.
        unsafe {
            text::from_raw(match self.source {
                Source::Pass(pass) => symmPassGetString(pass, index),
                Source::Pipeline(pipeline) => symmPipelineGetString(pipeline, index),
            })
        }
    }

    fn index(&self, name: &str, type_name: &str) -> isize {
        self.defs
            .iter()
            .position(|def| def.name == name && def.type_name() == type_name)
            .unwrap_or_else(|| panic!("no option {name} of type {type_name} is declared"))
            as isize
    }
}
