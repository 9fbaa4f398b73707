#include "http/connection.h"
#include "suite.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "signet/clock.h"
#include "signet/limits.h"

static struct connections *table;
static struct error err;

static void
make(uint32_t most, uint32_t per_address)
{
    const struct connections_options options = {most, per_address, false};

    ASSERT_OK(connections_new(&options, &table, &err), &err);
}

static bool
open_from(const char *address, int fd, struct connection **ret_connection)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        return connection_open(table, (struct sockaddr *)&v4, sizeof(v4), fd, CONNECTION_HANDSHAKE,
                               ret_connection, &err);
    inet_pton(AF_INET6, address, &v6.sin6_addr);
    return connection_open(table, (struct sockaddr *)&v6, sizeof(v6), fd, CONNECTION_HANDSHAKE,
                           ret_connection, &err);
}

static void
limits_all_and_each_address(void)
{
    struct connection *held[4], *more;

    make(4, 2);
    CU_ASSERT(open_from("10.0.0.1", -1, &held[0]));
    CU_ASSERT(open_from("10.0.0.1", -1, &held[1]));
    ASSERT_REFUSED(open_from("10.0.0.1", -1, &more), &err, ERROR_OVERLOADED);
    CU_ASSERT(open_from("10.0.0.2", -1, &held[2]));
    CU_ASSERT(open_from("10.0.0.3", -1, &held[3]));
    ASSERT_REFUSED(open_from("10.0.0.4", -1, &more), &err, ERROR_OVERLOADED);
    connection_unref(held[0]);
    CU_ASSERT(open_from("10.0.0.1", -1, &held[0]));
    CU_ASSERT_STRING_EQUAL(held[0]->peer_text, "10.0.0.1");
    for (int i = 0; i < 4; i++)
        connection_unref(held[i]);
    CU_ASSERT_EQUAL(connections_count(table), 0);
    connections_free(table);
}

static void
counts_an_ipv6_network_as_one(void)
{
    struct connection *first, *second, *other;

    make(8, 1);
    CU_ASSERT(open_from("2001:db8:0:1::1", -1, &first));
    ASSERT_REFUSED(open_from("2001:db8:0:1:ffff::2", -1, &second), &err, ERROR_OVERLOADED);
    CU_ASSERT(open_from("2001:db8:0:2::1", -1, &other));
    connection_unref(first);
    connection_unref(other);
    connections_free(table);
}

static void
knows_ipv4_behind_ipv6(void)
{
    struct connection *first, *second, *same;

    make(8, 1);
    CU_ASSERT(open_from("::ffff:10.0.0.1", -1, &first));
    CU_ASSERT_STRING_EQUAL(first->peer_text, "10.0.0.1");
    CU_ASSERT(open_from("::ffff:10.0.0.2", -1, &second));
    ASSERT_REFUSED(open_from("10.0.0.1", -1, &same), &err, ERROR_OVERLOADED);
    connection_unref(first);
    connection_unref(second);
    connections_free(table);
}

static void
is_found_by_slot_and_generation_only(void)
{
    struct connection *old, *new, *found;
    uint32_t slot, generation;

    make(1, 1);
    CU_ASSERT(open_from("10.0.0.1", -1, &old));
    slot = old->slot;
    generation = old->generation;
    found = connection_find(table, slot, generation);
    CU_ASSERT_PTR_EQUAL(found, old);
    connection_unref(found);
    CU_ASSERT_PTR_NULL(connection_find(table, slot, generation + 1));
    CU_ASSERT_PTR_NULL(connection_find(table, 7, generation));
    connection_unref(old);
    CU_ASSERT_PTR_NULL(connection_find(table, slot, generation));
    CU_ASSERT(open_from("10.0.0.1", -1, &new));
    CU_ASSERT_EQUAL(new->slot, slot);
    CU_ASSERT_PTR_NULL(connection_find(table, slot, generation));
    connection_unref(new);
    connections_free(table);
}

static void
keeps_a_certificate_as_long_as_anybody_holds_it(void)
{
    static uint8_t der[LIMIT_CERTIFICATE_OCTETS + 1] = {0x30};
    struct connection *connection;

    make(1, 1);
    CU_ASSERT(open_from("10.0.0.1", -1, &connection));
    ASSERT_REFUSED(connection_set_certificate(connection, bytes_of(der, sizeof(der)), &err), &err,
                   ERROR_CERTIFICATE_UNKNOWN);
    ASSERT_OK(connection_set_certificate(connection, bytes_of(der, 100), &err), &err);
    connection_ref(connection);
    connection_unref(connection);
    CU_ASSERT_EQUAL(connection->client_certificate.len, 100);
    CU_ASSERT_EQUAL(connection->client_certificate.data[0], 0x30);
    connection_unref(connection);
    /* The next one in this slot starts without. */
    CU_ASSERT(open_from("10.0.0.1", -1, &connection));
    CU_ASSERT_EQUAL(connection->client_certificate.len, 0);
    connection_unref(connection);
    connections_free(table);
}

static void
cuts_what_is_past_its_deadline(void)
{
    struct connection *connection;
    int pair[2];
    char start[64];

    make(4, 4);
    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CU_ASSERT(open_from("10.0.0.1", pair[0], &connection));
    CU_ASSERT_EQUAL(connections_cut(table, clock_monotonic_ms() + LIMIT_HANDSHAKE_MS - 1000), 0);
    connection_phase(connection, CONNECTION_WORK, clock_monotonic_ms());
    CU_ASSERT_EQUAL(connections_cut(table, INT64_MAX), 0);
    connection_phase(connection, CONNECTION_BODY, 1000);
    CU_ASSERT_EQUAL(connections_cut(table, 1000 + LIMIT_BODY_MS - 1), 0);
    CU_ASSERT_EQUAL(connections_cut(table, 1000 + LIMIT_BODY_MS), 1);
    /* Amid a request the client is told, then it is over. */
    CU_ASSERT_EQUAL(recv(pair[1], start, 12, MSG_WAITALL), 12);
    CU_ASSERT_NSTRING_EQUAL(start, "HTTP/1.1 408", 12);
    while (recv(pair[1], start, sizeof(start), 0) > 0)
        ;
    CU_ASSERT_EQUAL(recv(pair[1], start, 1, 0), 0);
    CU_ASSERT_EQUAL(connections_cut(table, INT64_MAX), 0);
    connection_unref(connection);
    close(pair[0]);
    close(pair[1]);
    connections_free(table);
}

/* After connection_closing the descriptor may belong to somebody else already. */
static void
leaves_a_closed_descriptor_alone(void)
{
    struct connection *connection;
    int pair[2];

    make(1, 1);
    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CU_ASSERT(open_from("10.0.0.1", pair[0], &connection));
    connection_closing(connection);
    CU_ASSERT_EQUAL(connections_cut(table, INT64_MAX), 0);
    CU_ASSERT_EQUAL(send(pair[1], "x", 1, MSG_NOSIGNAL), 1);
    connection_unref(connection);
    close(pair[0]);
    close(pair[1]);
    connections_free(table);
}

static void
stirs_only_idle_connections(void)
{
    struct connection *connection;

    make(1, 1);
    CU_ASSERT(open_from("10.0.0.1", -1, &connection));
    connection_phase(connection, CONNECTION_WORK, clock_monotonic_ms());
    connection_stir(connection);
    CU_ASSERT_EQUAL(atomic_load(&connection->phase), CONNECTION_WORK);
    connection_phase(connection, CONNECTION_IDLE, clock_monotonic_ms());
    connection_stir(connection);
    CU_ASSERT_EQUAL(atomic_load(&connection->phase), CONNECTION_FIRST);
    CU_ASSERT(atomic_load(&connection->deadline_ms) <= clock_monotonic_ms() + LIMIT_HEADER_MS);
    connection_unref(connection);
    connections_free(table);
}

int
main(void)
{
    return RUN_SUITE(
        "connection", TEST(limits_all_and_each_address), TEST(counts_an_ipv6_network_as_one),
        TEST(knows_ipv4_behind_ipv6), TEST(is_found_by_slot_and_generation_only),
        TEST(keeps_a_certificate_as_long_as_anybody_holds_it), TEST(cuts_what_is_past_its_deadline),
        TEST(leaves_a_closed_descriptor_alone), TEST(stirs_only_idle_connections));
}
