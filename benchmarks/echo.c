// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
//
// Round trips for the benchmark: `echo serve PORT` sends each datagram back, `echo ask ADDRESS PORT COUNT` waits for
// each answer before it asks again and prints the median and the 99th percentile in nanoseconds, and what was lost.

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

static int compare(const void *one, const void *other) {
  long difference = *(const long *)one - *(const long *)other;
  return (difference > 0) - (difference < 0);
}

static int serve(int sock, struct sockaddr_in address) {
  char bytes[64];
  address.sin_addr.s_addr = INADDR_ANY;
  if (bind(sock, (struct sockaddr *)&address, sizeof(address)) != 0)
    return 1;
  for (;;) {
    socklen_t length = sizeof(address);
    ssize_t count = recvfrom(sock, bytes, sizeof(bytes), 0, (struct sockaddr *)&address, &length);
    if (count >= 0)
      sendto(sock, bytes, count, 0, (struct sockaddr *)&address, length);
  }
}

static int ask(int sock, struct sockaddr_in address, int count) {
  struct timeval patience = {.tv_usec = 200000};
  long *times = calloc(count, sizeof(*times));
  int answered = 0;
  if (!times || connect(sock, (struct sockaddr *)&address, sizeof(address)) != 0)
    return 1;
  setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  for (int asked = 0; asked < count; asked++) {
    int answer = -1;
    long start = now();
    if (send(sock, &asked, sizeof(asked), 0) < 0)
      continue;
    // One that comes after its time is not the next one's answer.
    while (recv(sock, &answer, sizeof(answer), 0) > 0 && answer != asked)
      ;
    if (answer == asked)
      times[answered++] = now() - start;
  }
  qsort(times, answered, sizeof(*times), compare);
  if (answered)
    printf("%ld %ld %d\n", times[answered / 2], times[answered - 1 - answered / 100], count - answered);
  free(times);
  return answered ? 0 : 2;
}

int main(int count, char **words) {
  int sock = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET};
  if (sock < 0)
    return 1;
  if (count == 3 && strcmp(words[1], "serve") == 0) {
    address.sin_port = htons(atoi(words[2]));
    return serve(sock, address);
  }
  if (count == 5 && strcmp(words[1], "ask") == 0 && inet_pton(AF_INET, words[2], &address.sin_addr) == 1 &&
      atoi(words[4]) > 0) {
    address.sin_port = htons(atoi(words[3]));
    return ask(sock, address, atoi(words[4]));
  }
  fprintf(stderr, "echo serve PORT | echo ask ADDRESS PORT COUNT\n");
  return 1;
}
