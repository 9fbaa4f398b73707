#include "command.h"
#include "issuance.h"
#include "signet/file.h"

bool
command_renew(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    const char *cert = settings_need(&cli->settings, SETTING_CERT, err);
    const char *key = cert ? settings_need(&cli->settings, SETTING_KEY, err) : NULL;
    AUTO_BUFFER key_pem = {.max = CREDENTIAL_KEY_OCTETS};
    struct http_call call = {.target = "/v1/certificates/renew"};
    struct san_list none = {0};
    struct credential credential;
    bool made = false;

    if (!cert || !key || !credential_open(key, cert, &credential, err))
        return false;
    if (!file_exists(key) || !file_exists(cert))
        return error_set(err, ERROR_FILE_ACCESS, "client %s: there is no such file",
                         file_exists(key) ? cert : key);
    if (!credential_key(&credential, arguments_given(arguments, "new-key"), &key_pem, &made, err))
        return false;
    call.cert = cert;
    call.key = key;
    return issuance_run(cli, arguments, &call, &credential, buffer_text(&key_pem), &none, err);
}
