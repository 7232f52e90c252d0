// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Kernels by name, loaded onto each device once.

use std::{cell::RefCell, collections::HashMap, rc::Rc, time::Duration};

use anyhow::Result;
use symm_abi::gpu::{Bundle, BundleKernel, Chip, KernelSpec, LaunchTable};
use symm_cuda::{
    Device,
    module::{Function, Module},
};

/// Everything that the generated algorithms of one run share.
pub struct Library {
    bundle: Bundle,
    pub(super) table: LaunchTable,
    pub(super) timeout: Duration,
    loaded: RefCell<HashMap<(String, usize), Function>>,
}

impl Library {
    /// Takes the kernels of a bundle and the launch table that says how to launch them; no wait lasts longer than `timeout`.
    pub fn new(bundle: Bundle, table: LaunchTable, timeout: Duration) -> Rc<Self> {
        Rc::new(Self {
            bundle,
            table,
            timeout,
            loaded: RefCell::default(),
        })
    }

    /// Returns the launch table.
    pub fn table(&self) -> &LaunchTable {
        &self.table
    }

    /// Returns the kernel for a spec whose chip is that of the device: built for it, or for an older chip whose kernels run
    /// on it.
    pub fn find(&self, spec: &KernelSpec) -> Option<&BundleKernel> {
        let device = Chip::named(&spec.chip)?.number;
        let runs_here = |chip: Chip| chip.runs_on(device / 10, device % 10);
        let fits = |kernel: &&BundleKernel| {
            let same_chip = KernelSpec {
                chip: spec.chip.clone(),
                ..kernel.spec.clone()
            };
            same_chip == *spec && Chip::named(&kernel.spec.chip).is_some_and(runs_here)
        };
        self.bundle
            .kernels()
            .iter()
            .filter(fits)
            .max_by_key(|kernel| Chip::named(&kernel.spec.chip).map(|chip| chip.number))
    }

    /// Returns a kernel on a device, loading it on the first call.
    pub(super) fn function(&self, device: &Device, kernel: &BundleKernel) -> Result<Function> {
        let key = (kernel.file.clone(), device.ordinal());
        if let Some(function) = self.loaded.borrow().get(&key) {
            return Ok(function.clone());
        }
        let image = self.bundle.load(kernel)?;
        let function = Module::from_ptx(device, &image.ptx)?.function(&image.entry)?;
        self.loaded.borrow_mut().insert(key, function.clone());
        Ok(function)
    }
}

/// Returns the chip of a device.
pub fn chip_of(device: &Device) -> Result<String> {
    let (major, minor) = device.compute_capability()?;
    Ok(format!("sm_{major}{minor}"))
}
