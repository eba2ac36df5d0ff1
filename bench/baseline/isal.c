/* Encodes 10+4 with Intel ISA-L for about `argv[2]` milliseconds of CPU time on blocks of `argv[1]` bytes; prints MB/s of data. */
#include <isa-l/erasure_code.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { data = 10, parity = 4, shards = data + parity, page = 4096 };

static double cpu_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const int bytes = atoi(argv[1]);
  const double enough = atoi(argv[2]) * 1e-3;

  unsigned char matrix[shards * data], tables[32 * data * parity], *blocks[shards];
  gf_gen_cauchy1_matrix(matrix, shards, data);
  ec_init_tables(data, parity, matrix + data * data, tables);

  unsigned char *memory = aligned_alloc(page, ((size_t)bytes * shards + page - 1) / page * page);
  if (memory == NULL) return 1;
  for (size_t i = 0; i < (size_t)bytes * shards; i++) memory[i] = (unsigned char)(i * 2654435761u >> 13);
  for (int i = 0; i < shards; i++) blocks[i] = memory + (size_t)i * bytes;

  for (int i = 0; i < 100; i++) ec_encode_data(bytes, data, parity, tables, blocks, blocks + data);
  const double start = cpu_seconds();
  double spent = 0;
  long rounds = 0;
  for (; spent < enough; spent = cpu_seconds() - start)
    for (int i = 0; i < 50; i++, rounds++) ec_encode_data(bytes, data, parity, tables, blocks, blocks + data);
  printf("%.1f\n", (double)bytes * data * rounds / spent / 1e6);
  return 0;
}
