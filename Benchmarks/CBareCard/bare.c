#include "CBareCard.h"

#include <time.h>
#include <winscard.h>

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static int ask(SCARDHANDLE card, const SCARD_IO_REQUEST *control, const unsigned char *command, DWORD count) {
  unsigned char answer[258];
  DWORD length = sizeof answer;
  return SCardTransmit(card, control, command, count, NULL, answer, &length) == SCARD_S_SUCCESS && length >= 2;
}

double sanmon_bare_card(const char *reader, int count) {
  static const unsigned char select[] = {0x00, 0xA4, 0x04, 0x00, 0x0B, 0xA0, 0x00, 0x00, 0x03,
                                         0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00, 0x00};
  static const unsigned char counter[] = {0x00, 0x20, 0x00, 0x80};
  SCARDCONTEXT context;
  SCARDHANDLE card;
  DWORD active;
  double taken = -1;
  if (SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) != SCARD_S_SUCCESS) return -1;
  if (SCardConnect(context, reader, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, &card, &active) == SCARD_S_SUCCESS) {
    if (SCardBeginTransaction(card) == SCARD_S_SUCCESS) {
      const SCARD_IO_REQUEST control = {active, sizeof(SCARD_IO_REQUEST)};
      if (ask(card, &control, select, sizeof select)) {
        int asked = 0;
        const double start = now();
        while (asked < count && ask(card, &control, counter, sizeof counter)) asked++;
        if (asked == count && count > 0) taken = (now() - start) / count;
      }
      SCardEndTransaction(card, SCARD_RESET_CARD);
    }
    SCardDisconnect(card, SCARD_LEAVE_CARD);
  }
  SCardReleaseContext(context);
  return taken;
}
