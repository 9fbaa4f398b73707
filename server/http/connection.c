#include "connection.h"

#include <arpa/inet.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "signet/clock.h"
#include "signet/limits.h"
#include "timeout.h"

enum { NONE = INT_MAX }; /* no slot has this number */

/* Connections of one address, in a chain of its hash; free ones in a list. */
struct address {
    uint8_t key[16];
    uint32_t count;
    uint32_t next;
};

struct connections {
    pthread_mutex_t lock;
    struct connections_options options;
    uint32_t count;
    uint32_t free_slot, free_address;
    struct connection *slots;  /* options.most */
    struct address *addresses; /* options.most */
    uint32_t *heads;           /* options.most chains of addresses */
};

static const int phase_ms[CONNECTION_PHASES] = {
    [CONNECTION_HANDSHAKE] = LIMIT_HANDSHAKE_MS, [CONNECTION_FIRST] = LIMIT_HEADER_MS,
    [CONNECTION_BODY] = LIMIT_BODY_MS,           [CONNECTION_WORK] = 0,
    [CONNECTION_REPLY] = LIMIT_REPLY_MS,         [CONNECTION_IDLE] = LIMIT_IDLE_MS,
    [CONNECTION_LINGER] = LIMIT_LINGER_MS,
};

static void
connections_link_free(struct connections *table)
{
    for (uint32_t i = 0; i < table->options.most; i++) {
        uint32_t next = i + 1 < table->options.most ? i + 1 : NONE;

        table->slots[i] = (struct connection){
            .table = table, .slot = i, .fd = -1, .address = NONE, .next_free = next};
        table->addresses[i].next = next;
        table->heads[i] = NONE;
    }
}

bool
connections_new(const struct connections_options *options, struct connections **ret_table,
                struct error *err)
{
    struct connections *table = calloc(1, sizeof(*table));

    if (!table || options->most == 0) {
        free(table);
        return error_set(err, ERROR_MEMORY, "no memory for the table of connections");
    }
    table->options = *options;
    pthread_mutex_init(&table->lock, NULL);
    table->slots = calloc(options->most, sizeof(*table->slots));
    table->addresses = calloc(options->most, sizeof(*table->addresses));
    table->heads = calloc(options->most, sizeof(*table->heads));
    if (!table->slots || !table->addresses || !table->heads) {
        connections_free(table);
        return error_set(err, ERROR_MEMORY, "no memory for %u connections",
                         (unsigned)options->most);
    }
    connections_link_free(table);
    *ret_table = table;
    return true;
}

void
connections_free(struct connections *table)
{
    if (!table)
        return;
    pthread_mutex_destroy(&table->lock);
    free(table->slots);
    free(table->addresses);
    free(table->heads);
    free(table);
}

uint32_t
connections_count(struct connections *table)
{
    uint32_t count;

    pthread_mutex_lock(&table->lock);
    count = table->count;
    pthread_mutex_unlock(&table->lock);
    return count;
}

uint32_t
connections_most(const struct connections *table)
{
    return table->options.most;
}

/* What counts as one address: an IPv4 address, the first half of an IPv6 address. */
static void
address_key(const struct sockaddr *peer, uint8_t key[16])
{
    memset(key, 0, 16);
    if (peer->sa_family == AF_INET) {
        memcpy(key, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
        key[15] = 4;
    }
    if (peer->sa_family == AF_INET6) {
        memcpy(key, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, 8);
        key[15] = 6;
    }
}

static uint32_t *
address_head(struct connections *table, const uint8_t key[16])
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < 16; i++)
        hash = (hash ^ key[i]) * 16777619u;
    return &table->heads[hash % table->options.most];
}

/* Index of the address with this key, made when need be: there are as many as connections. */
static uint32_t
address_take(struct connections *table, const uint8_t key[16])
{
    uint32_t *head = address_head(table, key);
    uint32_t index;

    for (index = *head; index != NONE; index = table->addresses[index].next)
        if (memcmp(table->addresses[index].key, key, 16) == 0)
            return index;
    index = table->free_address;
    table->free_address = table->addresses[index].next;
    memcpy(table->addresses[index].key, key, 16);
    table->addresses[index].count = 0;
    table->addresses[index].next = *head;
    *head = index;
    return index;
}

static void
address_drop(struct connections *table, uint32_t index)
{
    struct address *address = &table->addresses[index];
    uint32_t *link = address_head(table, address->key);

    if (--address->count)
        return;
    while (*link != index)
        link = &table->addresses[*link].next;
    *link = address->next;
    address->next = table->free_address;
    table->free_address = index;
}

/* A copy of the address; an IPv4 address that came as IPv6 (RFC 4291 §2.5.5.2) is IPv4 again, or
 * all of them would count as one network. */
static void
peer_normalise(const struct sockaddr *peer, socklen_t peer_len, struct sockaddr_storage *ret_peer)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6;

    memset(ret_peer, 0, sizeof(*ret_peer));
    memcpy(ret_peer, peer, peer_len < sizeof(*ret_peer) ? peer_len : sizeof(*ret_peer));
    memcpy(&v6, ret_peer, sizeof(v6));
    if (peer->sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
        return;
    v4.sin_port = v6.sin6_port;
    memcpy(&v4.sin_addr, &v6.sin6_addr.s6_addr[12], sizeof(v4.sin_addr));
    memset(ret_peer, 0, sizeof(*ret_peer));
    memcpy(ret_peer, &v4, sizeof(v4));
}

static void
peer_describe(struct connection *connection)
{
    const struct sockaddr *peer = (const struct sockaddr *)&connection->peer;
    const void *octets = NULL;

    if (peer->sa_family == AF_INET)
        octets = &((const struct sockaddr_in *)(const void *)peer)->sin_addr;
    if (peer->sa_family == AF_INET6)
        octets = &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
    address_key(peer, connection->peer_key);
    connection->peer_text[0] = '\0';
    if (octets)
        inet_ntop(peer->sa_family, octets, connection->peer_text, sizeof(connection->peer_text));
}

/* With the lock held. Null over a limit. */
static struct connection *
connection_take(struct connections *table, const struct sockaddr_storage *peer)
{
    struct connection *connection;
    uint8_t key[16];
    uint32_t address;

    if (table->free_slot == NONE || table->count == table->options.most)
        return NULL;
    address_key((const struct sockaddr *)peer, key);
    address = address_take(table, key);
    table->addresses[address].count++;
    if (table->addresses[address].count > table->options.most_per_address) {
        address_drop(table, address);
        return NULL;
    }
    connection = &table->slots[table->free_slot];
    table->free_slot = connection->next_free;
    table->count++;
    connection->peer = *peer;
    connection->address = address;
    connection->generation++;
    connection->references = 1;
    return connection;
}

bool
connection_open(struct connections *table, const struct sockaddr *peer, socklen_t peer_len, int fd,
                enum connection_phase phase, struct connection **ret_connection, struct error *err)
{
    struct sockaddr_storage plain;
    struct connection *connection;

    peer_normalise(peer, peer_len, &plain);
    pthread_mutex_lock(&table->lock);
    connection = connection_take(table, &plain);
    if (connection) {
        connection->fd = fd;
        atomic_store(&connection->late, false);
        peer_describe(connection);
        connection_phase(connection, phase, clock_monotonic_ms());
    }
    pthread_mutex_unlock(&table->lock);
    if (!connection)
        return error_set(err, ERROR_OVERLOADED, "the limit of connections is reached");
    *ret_connection = connection;
    return true;
}

bool
connection_set_certificate(struct connection *connection, struct bytes der, struct error *err)
{
    uint8_t *copy;

    if (der.len > LIMIT_CERTIFICATE_OCTETS)
        return error_set(err, ERROR_CERTIFICATE_UNKNOWN,
                         "the client certificate has %zu octets, at most %d are taken", der.len,
                         LIMIT_CERTIFICATE_OCTETS);
    copy = malloc(der.len ? der.len : 1);
    if (!copy)
        return error_set(err, ERROR_MEMORY, "no memory for a client certificate");
    memcpy(copy, der.data, der.len);
    connection->client_certificate = bytes_of(copy, der.len);
    return true;
}

struct connection *
connection_ref(struct connection *connection)
{
    pthread_mutex_lock(&connection->table->lock);
    connection->references++;
    pthread_mutex_unlock(&connection->table->lock);
    return connection;
}

struct connection *
connection_find(struct connections *table, uint32_t slot, uint32_t generation)
{
    struct connection *found = NULL;

    if (slot >= table->options.most)
        return NULL;
    pthread_mutex_lock(&table->lock);
    if (table->slots[slot].references && table->slots[slot].generation == generation) {
        found = &table->slots[slot];
        found->references++;
    }
    pthread_mutex_unlock(&table->lock);
    return found;
}

void
connection_unref(struct connection *connection)
{
    struct connections *table;
    void *certificate = NULL;

    if (!connection)
        return;
    table = connection->table;
    pthread_mutex_lock(&table->lock);
    if (--connection->references == 0) {
        certificate = (void *)(uintptr_t)connection->client_certificate.data;
        connection->client_certificate = bytes_of(NULL, 0);
        connection->fd = -1;
        address_drop(table, connection->address);
        connection->next_free = table->free_slot;
        table->free_slot = connection->slot;
        table->count--;
    }
    pthread_mutex_unlock(&table->lock);
    free(certificate);
}

void
connection_closing(struct connection *connection)
{
    pthread_mutex_lock(&connection->table->lock);
    connection->fd = -1;
    pthread_mutex_unlock(&connection->table->lock);
}

void
connection_phase(struct connection *connection, enum connection_phase phase, int64_t now_ms)
{
    int64_t deadline_ms = phase_ms[phase] ? now_ms + phase_ms[phase] : 0;

    atomic_store_explicit(&connection->phase, (int)phase, memory_order_relaxed);
    atomic_store_explicit(&connection->deadline_ms, deadline_ms, memory_order_relaxed);
}

void
connection_stir(struct connection *connection)
{
    if (atomic_load_explicit(&connection->phase, memory_order_relaxed) == CONNECTION_IDLE)
        connection_phase(connection, CONNECTION_FIRST, clock_monotonic_ms());
}

/* The header or body of a request had begun, or should have. */
static bool
amid_request(const struct connection *connection)
{
    int phase = atomic_load_explicit(&connection->phase, memory_order_relaxed);

    return phase == CONNECTION_FIRST || phase == CONNECTION_BODY;
}

/* libmicrohttpd is waiting for bytes in these phases and sends none, so that ours come out whole.
 */
static void
answer_late(const struct connection *connection)
{
    AUTO_BUFFER reply = {.max = TIMEOUT_REPLY_OCTETS};

    /* Taken or not, the connection ends. */
    if (timeout_reply(&reply) &&
        send(connection->fd, reply.data, reply.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return;
}

/* The socket is shut down, not closed: its owner sees the end and closes it. */
static void
connection_cut(struct connection *connection, int64_t now_ms)
{
    bool amid = amid_request(connection);

    if (amid && connection->table->options.encrypted && !atomic_load(&connection->late)) {
        atomic_store(&connection->late, true);
        connection_phase(connection, CONNECTION_LINGER, now_ms);
        shutdown(connection->fd, SHUT_RD);
        return;
    }
    if (amid && !connection->table->options.encrypted)
        answer_late(connection);
    shutdown(connection->fd, SHUT_RDWR);
    connection->fd = -1;
}

static bool
is_past(const struct connection *connection, int64_t now_ms)
{
    int64_t deadline_ms = atomic_load_explicit(&connection->deadline_ms, memory_order_relaxed);

    return connection->references && connection->fd != -1 && deadline_ms && deadline_ms <= now_ms;
}

unsigned
connections_cut(struct connections *table, int64_t now_ms)
{
    unsigned cut = 0;

    pthread_mutex_lock(&table->lock);
    for (uint32_t i = 0; table->count && i < table->options.most; i++)
        if (is_past(&table->slots[i], now_ms)) {
            connection_cut(&table->slots[i], now_ms);
            cut++;
        }
    pthread_mutex_unlock(&table->lock);
    return cut;
}
