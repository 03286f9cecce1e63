/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/commands/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/base/monotime.h"
#include "api/base/strings.h"

enum {
    PATIENCE_MS = 2000, /* shorter work shows nothing */
    REDRAW_MS = 250,
    LINE_MS = 5000,
    BAR_COLUMNS = 24,
};

static void draw_bar(char out[static BAR_COLUMNS * 3 + 1], uint64_t done, uint64_t all)
{
    size_t full = all == 0 ? 0 : (size_t)(done * BAR_COLUMNS / all);
    out[0] = '\0';
    for (size_t i = 0; i < BAR_COLUMNS; i++)
        memcpy(out + strlen(out), i < full ? "━" : "─", sizeof "━");
}

/* "creating  ━━━───  1,234 of 10,000, 45/s, 3 m left", or just the phase where nothing can be counted. */
static void format_line(const struct progress *progress, const struct pass_progress *now, char out[static 256])
{
    char bar[BAR_COLUMNS * 3 + 1], done[32], all[32], left[32] = "";
    uint64_t spent_ms = monotime_ms() - progress->creating_ms;

    if (now->to_create == 0 || now->done == 0) {
        snprintf(out, 256, "%s", now->phase);
        return;
    }
    draw_bar(bar, now->done, now->to_create);
    count_format(now->done, done);
    count_format(now->to_create, all);
    uint64_t per_second = spent_ms == 0 ? 0 : now->done * 1000 / spent_ms;
    if (per_second > 0)
        duration_format((now->to_create - now->done) * 1000 / per_second, left);
    snprintf(out, 256, "%s  %s  %s of %s, %llu/s%s%s%s", now->phase, progress->terminal ? bar : "", done, all,
             (unsigned long long)per_second, left[0] != '\0' ? ", " : "", left, left[0] != '\0' ? " left" : "");
}

static void on_timer(uv_timer_t *timer)
{
    struct progress *progress = timer->data;
    struct pass_progress now;
    char line[256];

    runner_progress(progress->runner, &now);
    if (progress->creating_ms == 0 && now.done > 0)
        progress->creating_ms = monotime_ms() - 1;
    format_line(progress, &now, line);
    if (progress->terminal)
        fprintf(stderr, "\r\033[K%s", line);
    else
        fprintf(stderr, "%s\n", line);
    fflush(stderr);
    progress->drawn = true;
}

void progress_resume(struct progress *progress)
{
    if (!progress->quiet)
        uv_timer_start(&progress->timer, on_timer, PATIENCE_MS, progress->terminal ? REDRAW_MS : LINE_MS);
}

void progress_pause(struct progress *progress)
{
    uv_timer_stop(&progress->timer);
    if (progress->drawn && progress->terminal)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
}

void progress_start(struct progress *progress, uv_loop_t *loop, const struct runner *runner, bool quiet)
{
    const char *term = getenv("TERM");

    memset(progress, 0, sizeof *progress);
    progress->runner = runner;
    progress->quiet = quiet;
    progress->terminal = isatty(STDERR_FILENO) == 1 && term != NULL && strcmp(term, "dumb") != 0;
    uv_timer_init(loop, &progress->timer);
    progress->timer.data = progress;
    progress_resume(progress);
}

void progress_stop(struct progress *progress)
{
    progress_pause(progress);
    uv_close((uv_handle_t *)&progress->timer, NULL);
}
