#include "timeout.h"

#include "problem.h"
#include "request_id.h"
#include "signet/clock.h"

bool
timeout_reply(struct buffer *out)
{
    AUTO_BUFFER body = {.max = TIMEOUT_REPLY_OCTETS};
    char id[LIMIT_REQUEST_ID_OCTETS + 1], date[30];
    struct error error;

    error_set(&error, ERROR_REQUEST_TIMEOUT,
              "the request was not whole after the time that its header or body has");
    if (!request_id_new(id, NULL) || !problem_build(&error, id, &body))
        return false;
    clock_http_date(clock_now_s(), date);
    return buffer_printf(out,
                         "HTTP/1.1 408 Request Timeout\r\n"
                         "Date: %s\r\n"
                         "Connection: close\r\n"
                         "X-Request-Id: %s\r\n"
                         "Content-Type: " PROBLEM_CONTENT_TYPE "\r\n"
                         "Cache-Control: no-store\r\n"
                         "Content-Length: %zu\r\n\r\n",
                         date, id, body.len) &&
           buffer_put(out, body.data, body.len);
}
