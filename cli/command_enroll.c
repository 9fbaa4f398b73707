#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "issuance.h"
#include "name.h"
#include "prompt.h"
#include "signet/file.h"

enum { TOKEN_FILE_OCTETS = 512, TOKEN_TEXT_LEN = 47 };

/* "sgt_" and 43 base64url characters; anything else would only be refused far away. */
static bool
token_check(struct buffer *token, struct error *err)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *text;

    while (token->len > 0 && strchr(" \t\r\n", token->data[token->len - 1]))
        token->len--;
    text = buffer_text(token);
    if (text && strlen(text) == token->len && token->len == TOKEN_TEXT_LEN &&
        strncmp(text, "sgt_", 4) == 0 && strspn(text + 4, alphabet) == TOKEN_TEXT_LEN - 4)
        return true;
    return error_set(
        err, ERROR_USAGE,
        "that is not an enrolment token: wanted sgt_ and 43 characters, found %zu octets",
        token->len);
}

static bool
token_read(const struct arguments *arguments, struct buffer *token, struct error *err)
{
    const char *path = arguments_value(arguments, "token-file");
    bool from_stdin = arguments_given(arguments, "token-stdin");

    if (path && from_stdin)
        return error_set(err, ERROR_USAGE, "--token-file and --token-stdin are both given");
    if (path)
        return file_read(path, token, err) && token_check(token, err);
    if (from_stdin)
        return file_read_fd(STDIN_FILENO, "standard input", token, err) && token_check(token, err);
    if (!prompt_possible())
        return error_set(
            err, ERROR_USAGE,
            "no token: give --token-file FILE or --token-stdin (never as an argument)");
    return prompt_secret("enrolment token", token, err) && token_check(token, err);
}

static bool
key_type_parse(const struct arguments *arguments, enum key_type *ret_type, struct error *err)
{
    const char *name = arguments_value(arguments, "key-type");

    return !name || key_type_of_name(name, ret_type) ||
           error_set(err, ERROR_USAGE, "--key-type %.40s: wanted P-256, P-384, RSA or Ed25519",
                     name);
}

/* Files in the way stop us before the token is even looked at. */
static bool
files_check(const struct credential *credential, bool force, struct error *err)
{
    if (force || !file_exists(credential->cert))
        return true;
    return error_set(err, ERROR_FILE_ACCESS,
                     "there is a certificate at %s already: name another with --cert, or --force",
                     credential->cert);
}

bool
command_enroll(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    /* From the options only: the settings may name an administrator's files */
    const char *key = arguments_value(arguments, "key");
    const char *cert = arguments_value(arguments, "cert");
    bool force = arguments_given(arguments, "force");
    AUTO_BUFFER token = {.max = TOKEN_FILE_OCTETS};
    AUTO_BUFFER key_pem = {.max = CREDENTIAL_KEY_OCTETS};
    struct http_call call = {.target = "/v1/certificates", .anonymous = true};
    struct credential credential;
    struct names names;
    bool made = false;

    if (!names_parse(arguments, &names, err) ||
        !credential_open(key ? key : "signet.key", cert ? cert : "signet.pem", &credential, err) ||
        !key_type_parse(arguments, &credential.key_type, err) ||
        !files_check(&credential, force, err) || !token_read(arguments, &token, err) ||
        !credential_key(&credential, force, &key_pem, &made, err))
        return false;
    cli_note(cli, "%s the key %s", made ? "made" : "using",
             credential.fresh ? credential.new_key : credential.key);
    call.bearer = buffer_text(&token);
    return issuance_run(cli, arguments, &call, &credential, buffer_text(&key_pem), &names.list,
                        err);
}
