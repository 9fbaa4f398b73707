#include <stdio.h>
#include <string.h>

#include "command.h"
#include "http.h"
#include "prompt.h"
#include "signet/crl.h"
#include "signet/csr.h"
#include "signet/der.h"
#include "signet/encode.h"
#include "signet/file.h"
#include "spki.h"
#include "view.h"

enum { CERTIFICATE_FILE_OCTETS = 256 * 1024 };

/* The ways to say what is revoked; exactly one is taken. */
struct target {
    const char *option; /* null: the operand */
    const char *member;
    const char *what; /* for the question */
    bool (*value)(const char *given, struct buffer *out, struct error *err);
};

static bool
value_plain(const char *given, struct buffer *out, struct error *err)
{
    return buffer_put(out, given, strlen(given)) ||
           error_set(err, ERROR_USAGE, "\"%.40s...\" is too long", given);
}

static bool
value_certificate(const char *path, struct buffer *out, struct error *err)
{
    AUTO_BUFFER pem = {.max = CERTIFICATE_FILE_OCTETS};
    AUTO_BUFFER der = {.max = LIMIT_CERTIFICATE_OCTETS};
    struct reader reader;

    if (!file_read(path, &pem, err))
        return false;
    reader = reader_of(buffer_bytes(&pem));
    if (!pem_next(&reader, "CERTIFICATE", &der))
        return error_set(err, ERROR_FILE_ACCESS, "%s holds no certificate in PEM", path);
    return pem_encode(buffer_bytes(&der), "CERTIFICATE", out) ||
           error_set(err, ERROR_MEMORY, "no memory for a certificate");
}

static bool
value_spki(const char *path, struct buffer *out, struct error *err)
{
    uint8_t digest[LIMIT_DIGEST_OCTETS];
    char hex[2 * LIMIT_DIGEST_OCTETS + 1];

    if (!spki_digest_of_file(path, digest, err))
        return false;
    hex_encode(bytes_of(digest, sizeof(digest)), hex, sizeof(hex));
    return value_plain(hex, out, err);
}

static const struct target targets[] = {
    {NULL, "serial", "the certificate", value_plain},
    {"certificate", "certificate", "the certificate in", value_certificate},
    {"identity", "identity", "for ever the identity", value_plain},
    {"spki-of", "spki_sha256", "every certificate with the key of", value_spki},
};

static const char *
target_value(const struct arguments *arguments, const struct target *target)
{
    if (target->option)
        return arguments_value(arguments, target->option);
    return arguments->operand_count ? arguments->operand[0] : NULL;
}

static bool
target_choose(const struct arguments *arguments, const struct target **ret_target,
              const char **ret_given, struct error *err)
{
    const char *given = NULL;

    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        const char *value = target_value(arguments, &targets[i]);

        if (!value)
            continue;
        if (given)
            return error_set(err, ERROR_USAGE,
                             "more than one thing to revoke: \"%.60s\" and \"%.60s\"", given,
                             value);
        given = value;
        *ret_target = &targets[i];
    }
    *ret_given = given;
    return given || error_set(err, ERROR_USAGE,
                              "nothing to revoke: give SERIAL, --certificate FILE, "
                              "--identity NAME or --spki-of FILE");
}

static bool
reason_check(const char *reason, struct error *err)
{
    int number = reason ? revocation_reason_of_name(reason) : REASON_UNSPECIFIED;

    if (number >= 0)
        return true;
    return error_set(err, ERROR_USAGE, "there is no reason \"%.40s\"; one is keyCompromise",
                     reason);
}

static bool
confirm(const struct arguments *arguments, const struct target *target, const char *given,
        struct error *err)
{
    char question[512];

    if (arguments_given(arguments, "yes") || !prompt_possible())
        return true;
    snprintf(question, sizeof(question), "revoke %s %s? It cannot be taken back.", target->what,
             given);
    return prompt_confirm(question, err);
}

static const struct view revoked_views[] = {
    {"SERIAL", "serial", VIEW_TEXT, false},
    {"REVOKED", "revoked_at", VIEW_MOMENT, false},
    {"REASON", "reason", VIEW_TEXT, true},
    {0},
};

static bool
revoked_tell(const struct cli *cli, const json_t *answer, struct error *err)
{
    if (cli->json) {
        view_json(cli, answer);
        return true;
    }
    cli_note(cli, "revoked now: %d, before: %d",
             (int)json_integer_value(json_object_get(answer, "revoked")),
             (int)json_integer_value(json_object_get(answer, "already_revoked")));
    if (json_array_size(json_object_get(answer, "certificates")) == 0)
        return true;
    return view_list(cli, revoked_views, json_object_get(answer, "certificates"), err);
}

static bool
revoke_send(struct cli *cli, const char *member, const char *value, const char *reason,
            struct error *err)
{
    struct http_call call = {.method = "POST", .target = "/v1/revocations", .repeatable = true};
    json_t *body =
        json_pack("{s:s, s:s}", member, value, "reason", reason ? reason : "unspecified");
    json_t *answer = NULL;
    bool done;

    if (!body)
        return error_set(err, ERROR_USAGE, "what to revoke is not UTF-8");
    call.body = body;
    done = http_json(cli, &call, &answer, err) && revoked_tell(cli, answer, err);
    json_decref(body);
    json_decref(answer);
    return done;
}

bool
command_revoke(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    const char *reason = arguments_value(arguments, "reason");
    AUTO_BUFFER value = {.max = CERTIFICATE_FILE_OCTETS};
    const struct target *target = NULL;
    const char *given = NULL;

    return target_choose(arguments, &target, &given, err) && reason_check(reason, err) &&
           target->value(given, &value, err) && confirm(arguments, target, given, err) &&
           revoke_send(cli, target->member, buffer_text(&value), reason, err);
}
