/* Tells the service manager how we are (sd_notify(3)), by the plain protocol. */
#ifndef SIGNET_NOTIFY_H
#define SIGNET_NOTIFY_H

/* "READY=1", "STOPPING=1". Nothing happens without NOTIFY_SOCKET; a failure is of no consequence.
 */
void notify_send(const char *state);

#endif
