#include "command.h"
#include "duration.h"
#include "http.h"
#include "signet/clock.h"
#include "view.h"

static void
token_tell(const struct cli *cli, const json_t *answer)
{
    char moment[DURATION_TEXT_OCTETS] = "";
    int64_t expires_s;

    if (cli->json) {
        view_json(cli, answer);
        return;
    }
    if (clock_parse(view_text(answer, "expires_at"), &expires_s))
        duration_moment(expires_s, cli->now_s, moment);
    fprintf(cli->out, "%s\n", view_text(answer, "token"));
    cli_note(cli, "for %s, once, until %s; shown only now", view_text(answer, "identity"), moment);
}

bool
command_token_create(struct cli *cli, const struct arguments *arguments, struct error *err)
{
    const char *ttl = arguments_value(arguments, "ttl");
    json_t *body = NULL, *answer = NULL;
    struct http_call call = {.method = "POST", .target = "/v1/tokens"};
    int64_t ttl_s = 0;
    bool done;

    if (ttl && !duration_parse("--ttl", ttl, &ttl_s, err))
        return false;
    body = json_pack("{s:s}", "identity", arguments->operand[0]);
    if (!body)
        return error_set(err, ERROR_USAGE, "the identity's name is not UTF-8");
    if (ttl)
        json_object_set_new(body, "ttl_s", json_integer(ttl_s));
    call.body = body;
    done = http_json(cli, &call, &answer, err);
    if (done)
        token_tell(cli, answer);
    json_decref(body);
    json_decref(answer);
    return done;
}
