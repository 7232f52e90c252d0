// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Places in source files, for reports.

use crate::text::identifier;
use melior::ir::Location;
use mlir_sys::{
    MlirLocation, mlirLocationCallSiteGetCallee, mlirLocationFileLineColRangeGetFilename,
    mlirLocationFileLineColRangeGetStartColumn, mlirLocationFileLineColRangeGetStartLine,
    mlirLocationFusedGetLocations, mlirLocationFusedGetNumLocations, mlirLocationIsACallSite,
    mlirLocationIsAFileLineColRange, mlirLocationIsAFused, mlirLocationIsAName,
    mlirLocationNameGetChildLoc, mlirLocationNameGetName,
};

/// Returns a location as `file:line:column`, or `unknown`.
pub fn of(location: Location<'_>) -> String {
    // SAFETY: the location is valid.
    unsafe { position(location.to_raw()) }.unwrap_or_else(|| "unknown".to_owned())
}

/// Returns the name that a location gives to what is there.
pub fn name(location: Location<'_>) -> Option<String> {
    let raw = location.to_raw();
    // SAFETY: the location is valid and its kind is checked.
    unsafe { mlirLocationIsAName(raw).then(|| identifier(mlirLocationNameGetName(raw))) }
}

/// # Safety
///
/// The location must be valid.
unsafe fn position(location: MlirLocation) -> Option<String> {
    // SAFETY: the location is valid, and its kind is checked before it is asked.
    unsafe {
        if mlirLocationIsAFileLineColRange(location) {
            let file = identifier(mlirLocationFileLineColRangeGetFilename(location));
            let line = mlirLocationFileLineColRangeGetStartLine(location);
            let column = mlirLocationFileLineColRangeGetStartColumn(location);
            Some(format!("{file}:{line}:{column}"))
        } else if mlirLocationIsAName(location) {
            position(mlirLocationNameGetChildLoc(location))
        } else if mlirLocationIsACallSite(location) {
            position(mlirLocationCallSiteGetCallee(location))
        } else if mlirLocationIsAFused(location) {
            let count = mlirLocationFusedGetNumLocations(location) as usize;
            let mut parts = vec![location; count];
            mlirLocationFusedGetLocations(location, parts.as_mut_ptr());
            parts.into_iter().find_map(|part| position(part))
        } else {
            None
        }
    }
}
