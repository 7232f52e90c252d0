/* SPDX-FileCopyrightText: The Symm authors
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The C interface of Symm's runtime, libsymm_runtime.so: runs programs that symm-compile has made, on buffers of yours.
 *
 * A program runs on several ranks. Each rank is driven by one thread: all of them threads of this process
 * (symm_world_create), or one each of processes that torchrun, mpirun or srun has started (symm_world_join; GPUs only).
 *
 *     symm_program *program;              symm_program_load("block.so", &program);
 *     symm_world *world;                  symm_world_create(program, NULL, &world);
 *     // on the thread of each rank:
 *     symm_rank *rank;                    symm_rank_start(world, program, number, SYMM_ANY_GPU, &rank);
 *     symm_call *call;                    symm_call_create(rank, "main", &call);
 *     symm_call_bind_argument(call, 0, x, bytes_of_x);
 *     symm_call_bind_result(call, 0, y, bytes_of_y);
 *     symm_call_run(call, stream);        // as often as you like
 *
 * Everything that a run needs is made by symm_rank_start, NCCL's connections too. On GPUs symm_call_run only puts work into
 * the stream: it allocates nothing but what looking up the driver's functions takes, once; it waits for nothing, talks to no
 * other rank, and may be captured in a CUDA graph, also the first time. On the CPU it runs the entry, and returns when every rank is through.
 *
 * Programs, worlds and symm_last_error may be used from any thread. A rank and its calls are used by one thread at a time.
 * Objects are freed in any order, each once, by the function that ends in _free; NULL is allowed there. Out parameters
 * are set only on success.
 */

#ifndef SYMM_H
#define SYMM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a function has to say. */
typedef enum symm_status {
  SYMM_OK = 0,
  /* An argument can't be: null, out of range, of the wrong size. Nothing was done. */
  SYMM_INVALID = 1,
  /* A file, a device or a library can't be used. Nothing ran. */
  SYMM_UNUSABLE = 2,
  /* Some rank has failed, died or not come in time. Every rank is told so, and the world can't be used any more;
   * symm_last_error says what went wrong first. Results are undefined. */
  SYMM_FAILED = 3
} symm_status;

/* A compiled program. */
typedef struct symm_program symm_program;
/* The ranks of a run, and the memory that they share. */
typedef struct symm_world symm_world;
/* A rank that has started. */
typedef struct symm_rank symm_rank;
/* An entry of the program with the buffers that it runs on. */
typedef struct symm_call symm_call;

/* Element types. */
typedef enum symm_dtype {
  SYMM_I1 = 1, /* one byte each, 0 or 1 */
  SYMM_I8 = 2,
  SYMM_U8 = 3,
  SYMM_I16 = 4,
  SYMM_I32 = 5,
  SYMM_I64 = 6,
  SYMM_F16 = 7,
  SYMM_BF16 = 8,
  SYMM_F32 = 9,
  SYMM_F64 = 10,
  SYMM_F8E4M3FN = 11,
  SYMM_F8E5M2 = 12,
  SYMM_C64 = 13, /* two floats */
  SYMM_C128 = 14 /* two doubles */
} symm_dtype;

/* An argument or a result of an entry, on one rank: contiguous and row-major. */
typedef struct symm_value {
  const char *name;
  symm_dtype dtype;
  uint32_t dimensions;
  const uint64_t *shape;
  uint64_t bytes;
} symm_value;

/* Alignment in bytes that every buffer must have. */
#define SYMM_BUFFER_ALIGN 64

/* Where a program runs. */
#define SYMM_DEVICE_CPU 0
#define SYMM_DEVICE_CUDA 1

/* Flags of symm_options. */
#define SYMM_FALLBACK 1u   /* NCCL for groups whose GPUs don't reach each other, instead of an error */
#define SYMM_SHARE_GPUS 2u /* several ranks on one GPU where there are too few; for tests */

/* What the ranks of a world have in common; zeros stand for the defaults. */
typedef struct symm_options {
  uint32_t size_bytes;  /* sizeof(symm_options) */
  uint32_t ranks;       /* 0: as many as the program needs */
  uint64_t timeout_ms;  /* bound of every wait; 0: 30000 */
  uint64_t heap_bytes;  /* symmetric heap per rank and group; 0: as the program says */
  uint64_t arena_bytes; /* GPUs: ordinary buffers per rank; 0: as the program says */
  uint32_t flags;
  uint32_t reserved; /* 0 */
} symm_options;

/* Lets symm_rank_start choose the GPU: the one of the rank's number on this host. */
#define SYMM_ANY_GPU (-1)

/* Returns what was wrong when a function last did not return SYMM_OK on this thread; "" if none has. The string lives until
 * the next such function on this thread. */
const char *symm_last_error(void);

/* Returns the version of the runtime, like "0.1.0". */
const char *symm_version(void);

/* How much a message matters. */
typedef enum symm_log_level {
  SYMM_LOG_ERROR = 1,
  SYMM_LOG_WARNING = 2,
  SYMM_LOG_INFO = 3,
  SYMM_LOG_DEBUG = 4,
  SYMM_LOG_TRACE = 5
} symm_log_level;

/* Takes a message: one line, valid during the call. It is called on any thread, also on threads of the library, but never twice
 * at once, and calls no function of this library. */
typedef void (*symm_log_function)(symm_log_level level, const char *message, void *user);

/* Gives messages to a function instead of standard error; NULL: to standard error again. The one before is not called any more
 * once this has returned. Messages are what no call returns, such as a stranger's connection that was dropped: warnings and
 * errors, or what the environment variable SYMM_LOG asks for when the first object is made ("debug", "off",
 * "warn,symm_cuda::exchange=debug"). */
void symm_set_log(symm_log_function function, void *user);

/* Reads, checks and loads a program. A file that is damaged, foreign, or of another version of Symm or another machine is
 * refused before any of its code is loaded. */
symm_status symm_program_load(const char *path, symm_program **program);
void symm_program_free(symm_program *program);

/* Returns SYMM_DEVICE_CPU or SYMM_DEVICE_CUDA. */
int symm_program_device(const symm_program *program);

/* Returns the smallest number of ranks that the program runs on. */
uint32_t symm_program_ranks(const symm_program *program);

/* Describes argument or result number index of an entry. What it points to lives as long as the program.
 * SYMM_INVALID: there is none of that number; count by asking. */
symm_status symm_program_argument(const symm_program *program, const char *entry, uint32_t index, symm_value *value);
symm_status symm_program_result(const symm_program *program, const char *entry, uint32_t index, symm_value *value);

/* Creates a world for the program, whose ranks are threads of this process; options may be NULL. */
symm_status symm_world_create(const symm_program *program, const symm_options *options, symm_world **world);

/* Joins the world of the processes that a launcher has started, one rank each, by the launcher's variables (RANK and
 * WORLD_SIZE, OMPI_COMM_WORLD_*, SLURM_*). They also have to tell the job from others of the user (by MASTER_PORT,
 * PMIX_NAMESPACE or SLURM_JOB_ID), or SYMM_JOB_TOKEN is a secret that all ranks share. Waits for all of them. Options are those
 * of rank 0, and a process with another program than rank 0's fails, as do all others then. GPUs only. */
symm_status symm_world_join(const symm_program *program, const symm_options *options, symm_world **world);
void symm_world_free(symm_world *world);

/* Returns the number of ranks. */
uint32_t symm_world_size(const symm_world *world);

/* Returns the rank of this process in a world that it has joined; 0 in one that it has created. */
uint32_t symm_world_rank(const symm_world *world);

/* Starts a rank, each on a thread of its own: waits for all other ranks, checks that they have the same program, and prepares
 * everything that its entries need. The program is the one that the world is for. A rank starts once in the life of a world, also
 * if it has been freed since: to start again, make another world. gpu: ordinal of the GPU, or SYMM_ANY_GPU; ignored on the CPU. */
symm_status symm_rank_start(symm_world *world, const symm_program *program, uint32_t number, int gpu, symm_rank **rank);

/* Frees a rank whose streams have done their work, replays of graphs among it. What it needed on the GPU is freed with the last of
 * the rank and its calls. */
void symm_rank_free(symm_rank *rank);

/* Looks, without waiting for the GPU, whether any rank has failed; where one has, it may take up to two seconds to learn why.
 * On GPUs a failure shows here once the stream has run into it: ask after you have waited for the stream, which has a bound,
 * and before you use the results. */
symm_status symm_rank_check(symm_rank *rank);

/* Prepares an entry whose buffers are to be bound. */
symm_status symm_call_create(symm_rank *rank, const char *entry, symm_call **call);
void symm_call_free(symm_call *call);

/* Binds argument or result number index to a buffer of the rank's GPU, or of the host for a program for the CPU. Buffers don't
 * overlap each other; they stay yours, and stay valid until the stream has run the entry. The entry may overwrite its
 * arguments. bytes is checked against the program. */
symm_status symm_call_bind_argument(symm_call *call, uint32_t index, void *buffer, uint64_t bytes);
symm_status symm_call_bind_result(symm_call *call, uint32_t index, void *buffer, uint64_t bytes);

/* Runs the entry; every rank has to. stream: a CUstream or cudaStream_t of the primary context of the rank's GPU; NULL for a
 * program for the CPU. Entries of one rank run one after the other: in one stream, or in streams that wait for each other.
 * So do the graphs that they were captured in.
 *
 * On GPUs an entry may be launched or captured. A graph that it was captured in keeps the addresses that were bound then, whatever becomes of
 * the call. A replay counts as a run: every rank has to, whichever way each gets it, so that all GPUs execute the same entries in
 * the same order. It may be replayed for as long as those buffers are valid, and the rank, or any call of it, has not been freed;
 * once a rank has failed, replays give nothing any more, which symm_rank_check tells.
 *
 * On the CPU an entry that runs out of memory is left in the middle: what it had allocated until then is lost to the process. */
symm_status symm_call_run(symm_call *call, void *stream);

#ifdef __cplusplus
}
#endif

#endif
