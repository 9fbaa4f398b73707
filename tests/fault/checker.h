/*
 * The independent checker: compares what clients hold with the database (read by SQL as its owner),
 * the OCSP answers and the CRL (read with OpenSSL). It shares no code with the programs' logic.
 */
#ifndef SIGNET_FAULT_CHECKER_H
#define SIGNET_FAULT_CHECKER_H

#include "ca_fixture.h"
#include "ledger.h"

/*
 * With the authority up and no request in flight. Each violation is a breach in the ledger:
 *   - a certificate that a client holds is in the database, byte for byte, and its signature
 *     verifies;
 *   - no serial stands for two certificates, no grant led to two;
 *   - an acknowledged revocation is a row, `revoked` in OCSP and on the CRL;
 *   - every recorded row is answered by OCSP with what the rows say;
 *   - numbers of CRLs rise with their time.
 */
void check_everything(struct ca *ca, struct ledger *ledger);

#endif
