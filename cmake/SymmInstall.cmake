# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# Installs the dialects for C++ users: library, headers, ODS and the CMake package Symm.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(SYMM_PACKAGE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/symm")

target_include_directories(SymmDialects INTERFACE
  "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
# Only users in CMake see these: the archive itself has no MLIR in it.
target_link_libraries(SymmDialects INTERFACE "$<INSTALL_INTERFACE:MLIR;LLVM>")
set_target_properties(SymmDialects PROPERTIES EXPORT_NAME Dialects)

install(TARGETS SymmDialects EXPORT SymmTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT SymmTargets NAMESPACE Symm:: DESTINATION "${SYMM_PACKAGE_DIR}")
install(DIRECTORY
    "${PROJECT_SOURCE_DIR}/dialects/symm"
    "${PROJECT_BINARY_DIR}/dialects/symm"
    "${PROJECT_SOURCE_DIR}/dialects/symm/capi/include/"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING
    PATTERN "*.h"
    PATTERN "*.td"
    PATTERN "*.inc"
    PATTERN "capi" EXCLUDE
    PATTERN "CMakeFiles" EXCLUDE)

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/SymmConfig.cmake.in" SymmConfig.cmake
  INSTALL_DESTINATION "${SYMM_PACKAGE_DIR}"
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(SymmConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    "${PROJECT_BINARY_DIR}/SymmConfig.cmake"
    "${PROJECT_BINARY_DIR}/SymmConfigVersion.cmake"
  DESTINATION "${SYMM_PACKAGE_DIR}")
