// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Devices, memory and modules of the pretend driver; see fake.h.

#define _GNU_SOURCE

#include "fake.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096ul
#define GRANULARITY (2ul << 20)
#define DEVICE_BYTES (80ul << 30)

// Attributes whose value is not 1.
enum { MULTIPROCESSORS = 16, CAPABILITY_MAJOR = 75, CAPABILITY_MINOR = 76 };

static int contexts[MAX_GPUS];
static __thread int *current = contexts;

int fake_traces(void) { return getenv("FAKE_TRACE") != NULL; }

int fake_device(void) { return (int)(current - contexts); }

// The number at a place of a list.
static int listed(const char *variable, int place, int otherwise) {
  const char *list = getenv(variable);
  for (; list && place > 0; --place) {
    list = strchr(list, ',');
    list = list ? list + 1 : NULL;
  }
  return list ? atoi(list) : otherwise;
}

int cuInit(unsigned flags) { return flags ? INVALID_VALUE : SUCCESS; }

int cuDriverGetVersion(int *version) {
  *version = 12080;
  return SUCCESS;
}

int cuDeviceGetCount(int *count) {
  *count = listed("FAKE_GPUS", 0, 4);
  return SUCCESS;
}

int cuDeviceGet(int *device, int ordinal) {
  *device = ordinal;
  return SUCCESS;
}

int cuDeviceGetName(char *name, int bytes, int device) {
  snprintf(name, (size_t)bytes, "Pretend GPU %d", device);
  return SUCCESS;
}

int cuDeviceGetUuid(char *uuid, int device) {
  memset(uuid, 0, 16);
  uuid[15] = (char)listed("FAKE_UUIDS", device, device + 1);
  return SUCCESS;
}

int cuDeviceGetUuid_v2(char *uuid, int device) { return cuDeviceGetUuid(uuid, device); }

int cuDeviceGetAttribute(int *value, int attribute, int device) {
  if (attribute == MULTIPROCESSORS)
    *value = listed("FAKE_MULTIPROCESSORS", device, 132);
  else
    *value = attribute == CAPABILITY_MAJOR ? 9 : attribute != CAPABILITY_MINOR;
  return SUCCESS;
}

int cuDeviceTotalMem_v2(size_t *bytes, int device) {
  (void)device;
  *bytes = DEVICE_BYTES;
  return SUCCESS;
}

int cuDeviceCanAccessPeer(int *can, int from, int to) {
  *can = from == to || !getenv("FAKE_NO_PEER");
  return SUCCESS;
}

int cuDeviceGetP2PAttribute(int *value, int attribute, int from, int to) {
  (void)attribute;
  return cuDeviceCanAccessPeer(value, from, to);
}

int cuDevicePrimaryCtxRetain(void **context, int device) {
  *context = &contexts[device];
  return SUCCESS;
}

int cuDevicePrimaryCtxRelease_v2(int device) { return device < MAX_GPUS ? SUCCESS : INVALID_VALUE; }

int cuCtxGetCurrent(void **context) {
  *context = current;
  return SUCCESS;
}

int cuCtxSetCurrent(void *context) {
  current = context ? context : contexts;
  return SUCCESS;
}

int cuCtxSynchronize(void) {
  TRACE("cuCtxSynchronize on %d", fake_device());
  fake_wait_device(fake_device());
  return SUCCESS;
}

int cuMemGetInfo_v2(size_t *available, size_t *total) {
  *available = *total = DEVICE_BYTES;
  return SUCCESS;
}

static void *pages(size_t bytes, int protection) {
  void *address = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return address == MAP_FAILED ? NULL : address;
}

// The page before the memory holds its size.
int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  fake_enter();
  size_t *head = bytes > DEVICE_BYTES ? NULL : pages(bytes + PAGE, PROT_READ | PROT_WRITE);
  if (!head)
    return OUT_OF_MEMORY;
  *head = bytes + PAGE;
  *address = (uint64_t)head + PAGE;
  return SUCCESS;
}

int cuMemFree_v2(uint64_t address) {
  TRACE("cuMemFree on %d", fake_device());
  fake_hold_up();
  fake_wait_device(-1);
  size_t *head = (size_t *)(address - PAGE);
  munmap(head, *head);
  fake_let_go();
  return SUCCESS;
}

int cuMemHostAlloc(void **address, size_t bytes, unsigned flags) {
  (void)flags;
  *address = aligned_alloc(PAGE, (bytes + PAGE - 1) / PAGE * PAGE);
  return *address ? SUCCESS : OUT_OF_MEMORY;
}

int cuMemFreeHost(void *address) {
  free(address);
  return SUCCESS;
}

int cuMemHostGetDevicePointer_v2(uint64_t *device, void *host, unsigned flags) {
  (void)flags;
  *device = (uint64_t)host;
  return SUCCESS;
}

int cuMemsetD8_v2(uint64_t address, unsigned char value, size_t bytes) {
  // New pages are zero, and a large arena would take its memory from the machine.
  if (value || bytes < GRANULARITY)
    memset((void *)address, value, bytes);
  return SUCCESS;
}

int cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t bytes) {
  fake_enter();
  fake_wait_blocking_streams(fake_device());
  memcpy((void *)to, from, bytes);
  return SUCCESS;
}

int cuMemcpyDtoH_v2(void *to, uint64_t from, size_t bytes) {
  fake_enter();
  fake_wait_blocking_streams(fake_device());
  memcpy(to, (void *)from, bytes);
  return SUCCESS;
}

// Memory to be shared: a file.
struct physical {
  int file;
};

int cuMemGetAllocationGranularity(size_t *granularity, const void *properties, int option) {
  (void)properties, (void)option;
  *granularity = GRANULARITY;
  return SUCCESS;
}

int cuMemCreate(uint64_t *handle, size_t bytes, const void *properties, unsigned long long flags) {
  (void)properties, (void)flags;
  if (listed("FAKE_OOM", 0, -1) == fake_device())
    return OUT_OF_MEMORY;
  struct physical *made = malloc(sizeof *made);
  made->file = memfd_create("pretend GPU", MFD_CLOEXEC);
  *handle = (uint64_t)made;
  return ftruncate(made->file, (off_t)bytes) ? OUT_OF_MEMORY : SUCCESS;
}

int cuMemRelease(uint64_t handle) {
  close(((struct physical *)handle)->file);
  free((void *)handle);
  return SUCCESS;
}

int cuMemExportToShareableHandle(int *file, uint64_t handle, int kind, unsigned long long flags) {
  (void)kind, (void)flags;
  *file = dup(((struct physical *)handle)->file);
  return SUCCESS;
}

int cuMemImportFromShareableHandle(uint64_t *handle, void *file, int kind) {
  (void)kind;
  struct physical *imported = malloc(sizeof *imported);
  imported->file = dup((int)(intptr_t)file);
  *handle = (uint64_t)imported;
  return SUCCESS;
}

int cuMemAddressReserve(uint64_t *address, size_t bytes, size_t align, uint64_t at, unsigned long long flags) {
  (void)align, (void)at, (void)flags;
  *address = (uint64_t)pages(bytes, PROT_NONE);
  return *address ? SUCCESS : OUT_OF_MEMORY;
}

int cuMemAddressFree(uint64_t address, size_t bytes) {
  munmap((void *)address, bytes);
  return SUCCESS;
}

int cuMemMap(uint64_t address, size_t bytes, size_t offset, uint64_t handle, unsigned long long flags) {
  (void)flags;
  int file = ((struct physical *)handle)->file;
  void *mapped = mmap((void *)address, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, (off_t)offset);
  return mapped == MAP_FAILED ? INVALID_VALUE : SUCCESS;
}

int cuMemUnmap(uint64_t address, size_t bytes) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  return mmap((void *)address, bytes, PROT_NONE, flags, -1, 0) == MAP_FAILED ? INVALID_VALUE : SUCCESS;
}

int cuMemSetAccess(uint64_t address, size_t bytes, const void *access, size_t count) {
  (void)address, (void)bytes, (void)access, (void)count;
  return SUCCESS;
}

int cuModuleLoadDataEx(void **module, const void *image, unsigned count, int *options, void **values) {
  (void)image, (void)count, (void)options, (void)values;
  *module = malloc(1);
  return SUCCESS;
}

int cuModuleUnload(void *module) {
  free(module);
  return SUCCESS;
}

// A function is its name.
int cuModuleGetFunction(void **function, void *module, const char *name) {
  (void)module;
  *function = strdup(name);
  return SUCCESS;
}

int cuFuncLoad(void *function) { return function ? SUCCESS : INVALID_VALUE; }

int cuFuncGetAttribute(int *value, int attribute, void *function) {
  (void)attribute, (void)function;
  *value = 32;
  return SUCCESS;
}

int cuFuncSetAttribute(void *function, int attribute, int value) {
  (void)attribute, (void)value;
  return function ? SUCCESS : INVALID_VALUE;
}

int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, void *function, int threads, size_t shared) {
  (void)function, (void)threads, (void)shared;
  *blocks = 4;
  return SUCCESS;
}

int cuGetErrorName(int code, const char **name) {
  *name = code == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_PRETENDED";
  return SUCCESS;
}

int cuGetErrorString(int code, const char **text) {
  *text = code == OUT_OF_MEMORY ? "out of memory" : "pretended";
  return SUCCESS;
}
