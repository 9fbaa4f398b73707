/* Lists that come in pages. */
#ifndef SIGNET_CLI_PAGE_H
#define SIGNET_CLI_PAGE_H

#include "arguments.h"
#include "http.h"
#include "view.h"

enum { PAGE_LIMIT = 100, PAGE_LIMIT_MOST = 50000 };

/* An option of the command that becomes a query parameter as it is. */
struct page_filter {
    const char *option, *parameter;
};

/* Appends the filters that were given; `filters` ends with a null option. */
MUST_USE bool page_filters(const struct arguments *arguments, const struct page_filter *filters,
                           struct buffer *target, struct error *err);
/*
 * Fetches pages of the array `member` from `target` until --limit (PAGE_LIMIT) is reached. The
 * answer, given, is {member: [...], "next": ...}, `next` only when there is more.
 */
MUST_USE bool page_fetch(struct cli *cli, const struct arguments *arguments, struct buffer *target,
                         const char *member, json_t **ret_json, struct error *err);
/* Shows the list for a script or a person and says when there is more. Takes `answer`. */
MUST_USE bool page_tell(const struct cli *cli, const struct view *views, const char *member,
                        json_t *answer, struct error *err);

#endif
