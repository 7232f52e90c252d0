/* SPDX-FileCopyrightText: The Symm authors */
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* What the C API of LLVM 22 lacks and Symm's Rust code needs: passes with
 * options and statistics, pipelines, remarks, diagnostics with a severity,
 * tool mains. Every string is borrowed for the call unless a comment says
 * that it must live as long as the program. */

#ifndef SYMM_C_SHIMS_H
#define SYMM_C_SHIMS_H

#include "mlir-c/Diagnostics.h"
#include "mlir-c/IR.h"
#include "mlir-c/Pass.h"

#ifdef __cplusplus
extern "C" {
#endif

/*===------------------------------ options ------------------------------===*/

/* The type of an option's value. */
typedef enum {
  SYMM_OPTION_BOOL,
  SYMM_OPTION_INT64,
  SYMM_OPTION_STRING
} SymmOptionKind;

/* One option of a pass or a pipeline. Lives as long as the program. */
typedef struct {
  MlirStringRef name;
  MlirStringRef help;
  SymmOptionKind kind;
  bool boolDefault;
  int64_t intDefault;
  MlirStringRef stringDefault;
} SymmOptionDesc;

/* A statistic of a pass: NUL-terminated, lives as long as the program. */
typedef struct {
  const char *name;
  const char *description;
} SymmStatisticDesc;

/*===------------------------------- passes ------------------------------===*/

/* A pass that is being run. Valid during the `run` callback only. */
typedef struct {
  void *ptr;
} SymmPassRef;

/* The declaration of a pass. Lives as long as the program, and so does all
 * that it points to. An empty `opName` means that the pass runs on any op. */
typedef struct {
  MlirTypeID id;
  MlirStringRef name;
  MlirStringRef argument;
  MlirStringRef description;
  MlirStringRef opName;
  const SymmOptionDesc *options;
  intptr_t nOptions;
  const SymmStatisticDesc *statistics;
  intptr_t nStatistics;
  const MlirDialectHandle *dialects;
  intptr_t nDialects;
  void (*run)(MlirOperation op, SymmPassRef pass, const void *userData);
  const void *userData;
} SymmPassDesc;

/* Registers a pass with MLIR's global pass registry. */
void symmRegisterPass(const SymmPassDesc *desc);

/* Creates a pass with the options given as text (`a=1 b=x`). Returns a null
 * pass and reports through `onError` where the options do not parse. */
MlirPass symmCreatePass(const SymmPassDesc *desc, MlirStringRef options,
                        MlirStringCallback onError, void *errorData);

/* The value of the option at `index` of the running pass. */
bool symmPassGetBool(SymmPassRef pass, intptr_t index);
int64_t symmPassGetInt64(SymmPassRef pass, intptr_t index);
MlirStringRef symmPassGetString(SymmPassRef pass, intptr_t index);

/* Adds `value` to the statistic at `index` of the running pass. */
void symmPassAddStatistic(SymmPassRef pass, intptr_t index, uint64_t value);

/* Marks the running pass as failed. */
void symmPassSignalFailure(SymmPassRef pass);

/* Says that the running pass changed nothing. */
void symmPassMarkAllAnalysesPreserved(SymmPassRef pass);

/*===------------------------------ pipelines ----------------------------===*/

/* The option values of a pipeline that is being built. */
typedef struct {
  void *ptr;
} SymmPipelineOptionsRef;

/* The declaration of a pipeline. Lives as long as the program. `build` adds
 * passes to `pm`; on failure it returns false and says why through `onError`. */
typedef struct {
  MlirStringRef argument;
  MlirStringRef description;
  const SymmOptionDesc *options;
  intptr_t nOptions;
  bool (*build)(MlirOpPassManager pm, SymmPipelineOptionsRef options,
                MlirStringCallback onError, void *errorData,
                const void *userData);
  const void *userData;
} SymmPipelineDesc;

/* Registers a pipeline with MLIR's global pass registry. */
void symmRegisterPipeline(const SymmPipelineDesc *desc);

bool symmPipelineGetBool(SymmPipelineOptionsRef options, intptr_t index);
int64_t symmPipelineGetInt64(SymmPipelineOptionsRef options, intptr_t index);
MlirStringRef symmPipelineGetString(SymmPipelineOptionsRef options,
                                    intptr_t index);

/*===-------------------------------- sources ----------------------------===*/

/* A source file and the handler that prints diagnostics with its lines. */
typedef struct {
  void *ptr;
} SymmSourceRef;

/* Opens a file; "-" is the standard input. Until it is closed, diagnostics of
 * the context are printed to the standard error. Returns null and says why
 * through `onError` where the file cannot be read. */
SymmSourceRef symmSourceOpen(MlirContext context, MlirStringRef path,
                             MlirStringCallback onError, void *errorData);

/* Parses and verifies the file, text or bytecode, as a module; null after an
 * error. The location of each function argument becomes a name: the one that
 * the text gives it. */
MlirModule symmSourceParse(SymmSourceRef source);

/* Closes the file. */
void symmSourceClose(SymmSourceRef source);

/*===----------------------------- diagnostics ---------------------------===*/

/* A note of a diagnostic. A null location means that of the diagnostic. */
typedef struct {
  MlirLocation location;
  MlirStringRef message;
} SymmNote;

/* Emits a diagnostic with notes at `location`. */
void symmEmitDiagnostic(MlirDiagnosticSeverity severity, MlirLocation location,
                        MlirStringRef message, intptr_t nNotes,
                        const SymmNote *notes);

/* Emits a diagnostic with notes at `op`: the message begins with the op's
 * name, and MLIR may add the op itself as a note. */
void symmEmitOpDiagnostic(MlirDiagnosticSeverity severity, MlirOperation op,
                          MlirStringRef message, intptr_t nNotes,
                          const SymmNote *notes);

/*===------------------------------- remarks -----------------------------===*/

/* The outcome that a remark reports. */
typedef enum {
  SYMM_REMARK_PASSED,
  SYMM_REMARK_MISSED,
  SYMM_REMARK_FAILED,
  SYMM_REMARK_ANALYSIS
} SymmRemarkKind;

/* A key and its value in a remark. */
typedef struct {
  MlirStringRef key;
  MlirStringRef value;
} SymmRemarkArg;

/* One remark, as emitted and as received. */
typedef struct {
  SymmRemarkKind kind;
  MlirLocation location;
  MlirStringRef name;
  MlirStringRef category;
  MlirStringRef function;
  const SymmRemarkArg *args;
  intptr_t nArgs;
} SymmRemark;

/* Says whether the context has a remark engine, so that building the text of
 * a remark is worth it. */
bool symmRemarksEnabled(MlirContext context);

/* Emits a remark if the context's engine lets its category through. */
void symmEmitRemark(const SymmRemark *remark);

/* Sends every remark whose category matches the regular expression
 * `categories` to `callback`, until the context is destroyed. Returns false
 * where the context has a remark engine already. */
bool symmContextCollectRemarks(MlirContext context, MlirStringRef categories,
                               void (*callback)(const SymmRemark *, void *),
                               void *userData);

/*===-------------------------------- tools ------------------------------===*/

/* The mains of mlir-opt, mlir-lsp-server and mlir-translate over `registry`;
 * each returns the exit code of the process. */
int symmOptMain(int argc, char **argv, MlirStringRef toolName,
                MlirDialectRegistry registry);
int symmLspServerMain(int argc, char **argv, MlirDialectRegistry registry);
int symmTranslateMain(int argc, char **argv, MlirStringRef toolName);

/* Registers the GPU and LLVM IR translations that gpu-module-to-binary needs:
 * the C API does it per context only. */
void symmRegisterGpuTranslations(MlirDialectRegistry registry);

/* Registers mlir-translate's translations; `mlir-to-llvmir` reads modules with
 * every dialect that `fill` adds to its registry. */
void symmRegisterTranslations(void (*fill)(MlirDialectRegistry));

/*===---------------------------------- IR -------------------------------===*/

/* The operation before `op` in its block, or null. */
MlirOperation symmOperationGetPrevInBlock(MlirOperation op);

/* Says whether bufferization knows `op`. */
bool symmOperationIsBufferizable(MlirOperation op);

/* Calls `visit` for each value that control flow hands on at `op`: operands of
 * branches, of ops with regions and of the terminators in these, with the block
 * argument or result that gets them. `from` is null where the op itself makes
 * the value, `to` where nothing gets it. Returns whether the op's control flow
 * is known; a terminator's values are visited at the op around it. */
bool symmOperationVisitForwards(MlirOperation op,
                                void (*visit)(MlirValue from, MlirValue to,
                                              void *userData),
                                void *userData);

/* Calls `visit` with the first and the last name of each symbol reference in
 * the attributes of `op`. */
void symmOperationVisitSymbolReferences(MlirOperation op,
                                        MlirStringCallback visit,
                                        void *userData);

/* The bytes of the values of a `dense_resource`; -1 where these are not there. */
int64_t symmDenseResourceGetBytes(MlirAttribute attribute);

/*===------------------------------- Rewrites ----------------------------===*/

/* Turns a named op of linalg into `linalg.generic`, where it can be. */
bool symmLinalgGeneralize(MlirOperation op);

/* Says whether a sequence of structured ops can replace `op`: softmax. */
bool symmLinalgIsAggregate(MlirOperation op);

/* Replaces such an op on tensors by that sequence, where it can be. */
bool symmLinalgDecomposeAggregate(MlirOperation op);

/* Replaces `linalg.pack` and `linalg.unpack` by padding or slicing, reshaping
 * and transposing, where it can be. */
bool symmLinalgLowerPacking(MlirOperation op);

#ifdef __cplusplus
}
#endif

#endif /* SYMM_C_SHIMS_H */
