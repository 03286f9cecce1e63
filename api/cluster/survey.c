/* SPDX-License-Identifier: Apache-2.0
 *
 * happy path: a name server tells who there is → every master is asked for its own topics and its settings, all at once
 *             → what they said is put together.
 * what can go wrong: no name server answers; no such cluster; a master cannot be reached, or refuses: the survey fails
 *             with the first such failure when all have answered. Settings that a master keeps to itself are assumed to
 *             be the ones that need most care.
 * cancelling: the question, or every call; then done, with CANCELLED.
 */
#include "api/cluster/survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/hash.h"
#include "api/cause.h"
#include "api/cluster/codes.h"
#include "api/cluster/reach.h"

enum { REQUEST_CLUSTER_INFO = 106, REQUEST_OWN_TOPICS = 305, REQUEST_BROKER_CONFIG = 26 };

enum { ASK_OWN, ASK_CONFIG, ASKS };

struct master_asked {
    struct survey *survey;
    uint32_t index;
    struct remote_call calls[ASKS];
};

struct survey {
    struct survey_options options;
    void (*done)(void *context, struct roster *roster, const struct failure *why);
    void *context;
    struct question *question; /* NULL: not under way */
    struct roster *roster;
    struct master_asked *asked;
    uint32_t open; /* calls not ended, and one more while they are begun */
    struct failure failure;
};

/* --- the end ---------------------------------------------------------------------------------------------------------
 */

static void finish(struct survey *survey)
{
    struct roster *roster = survey->failure.cause == CAUSE_NONE ? survey->roster : NULL;

    if (!roster)
        roster_unref(survey->roster);
    else
        own_topics_seal(roster->own);
    survey->done(survey->context, roster, &survey->failure);
    free(survey->asked);
    free(survey);
}

static void fail(struct survey *survey, const struct failure *why)
{
    if (survey->failure.cause == CAUSE_NONE)
        survey->failure = *why;
}

void survey_cancel(struct survey *survey)
{
    if (survey->question)
        question_cancel(survey->question);
    for (uint32_t i = 0; survey->asked && i < survey->roster->topology->broker_count; i++)
        for (int ask = 0; ask < ASKS; ask++)
            remote_call_cancel(&survey->asked[i].calls[ask]);
}

/* --- masters ---------------------------------------------------------------------------------------------------------
 */

void survey_explain_master(const struct topology_broker *broker, const struct remote_call *call, struct failure *why)
{
    char place[400];

    reach_explain(why->cause == CAUSE_UNREACHABLE && !call->sent ? call->reach : REACH_UNKNOWN, broker->master, place,
                  sizeof place);
    if (place[0])
        failure_wrap(why, "the name server lists the master of %s %s", broker->name, place);
    else
        failure_wrap(why, "the master of %s", broker->name);
}

static void take_own_topics(struct survey *survey, uint32_t index, const struct frame *answer)
{
    struct failure why = FAILURE_INIT;

    survey->roster->masters[index].own_hash = hash_text(0, answer->body);
    if (own_topics_add_list(survey->roster->own, answer->body, &why) != 0) {
        failure_wrap(&why, "%s", survey->roster->masters[index].who);
        fail(survey, &why);
    }
}

/* Refused settings: as if batches were forgotten. */
static void take_config(struct survey *survey, uint32_t index, const struct frame *answer)
{
    struct roster *roster = survey->roster;
    struct master *master = &roster->masters[index];

    if (answer->code == ANSWER_SUCCESS)
        broker_config_read(answer->body, &master->config);
    else
        master->config = (struct broker_config){.store_v2 = true};
    if (master->config.slave) /* the name server is behind the times */
        master->connection = NULL;
    roster->places[index].store_v2 = master->config.store_v2;
    roster->places[index].mixed_message_type = master->config.mixed_message_type;
}

static void take_answer(struct master_asked *asked, const struct remote_call *call)
{
    struct survey *survey = asked->survey;
    struct master *master = &survey->roster->masters[asked->index];
    int which = (int)(call - asked->calls);
    struct failure why;

    survey->roster->places[asked->index].version = (uint16_t)call->answer.version;
    if (which == ASK_CONFIG) {
        take_config(survey, asked->index, &call->answer);
    } else if (call->answer.code == ANSWER_SUCCESS) {
        take_own_topics(survey, asked->index, &call->answer);
    } else {
        remote_refusal(master->who, REQUEST_OWN_TOPICS, &call->answer, REMOTE_READ, KIND_TOPIC, &why);
        fail(survey, &why);
    }
}

static void on_call(struct remote_call *call)
{
    struct master_asked *asked = call->data;
    struct survey *survey = asked->survey;
    struct failure why = call->failure;

    if (why.cause == CAUSE_NONE) {
        take_answer(asked, call);
    } else {
        survey_explain_master(&survey->roster->topology->brokers[asked->index], call, &why);
        fail(survey, &why);
    }
    if (--survey->open == 0)
        finish(survey);
}

static int ask_master(struct survey *survey, uint32_t index, struct failure *why)
{
    static const int32_t codes[ASKS] = {REQUEST_OWN_TOPICS, REQUEST_BROKER_CONFIG};
    struct master_asked *asked = &survey->asked[index];

    asked->survey = survey;
    asked->index = index;
    for (int ask = 0; ask < ASKS; ask++) {
        const struct frame request = {.code = codes[ask]};
        struct remote_call *call = &asked->calls[ask];
        *call = (struct remote_call){
            .deadline_ms = survey->options.deadline_ms, .reads = true, .done = on_call, .data = asked};
        if (peers_call(survey->options.peers, survey->roster->masters[index].connection, call, &request, why) != 0)
            return -1;
        survey->open++;
    }
    return 0;
}

static int fill_master(struct survey *survey, uint32_t index, struct failure *why)
{
    struct roster *roster = survey->roster;
    const struct topology_broker *broker = &roster->topology->brokers[index];
    struct master *master = &roster->masters[index];

    roster->places[index] = (struct place_master){.name = broker->name, .slaves = broker->slaves > 0};
    snprintf(master->who, sizeof master->who, "%s (%s)", broker->name, broker->master ? broker->master : "no master");
    if (!broker->master)
        return 0;
    master->connection = peers_find(survey->options.peers, broker->master, why);
    return master->connection ? ask_master(survey, index, why) : -1;
}

static int ask_masters(struct survey *survey, struct failure *why)
{
    uint32_t count = survey->roster->topology->broker_count;
    int status = own_topics_add_topology(survey->roster->own, survey->roster->topology, why);

    survey->asked = calloc(count, sizeof *survey->asked);
    if (!survey->asked)
        return failure_no_memory(why, "the masters");
    for (uint32_t i = 0; status == 0 && i < count; i++)
        status = fill_master(survey, i, why);
    return status;
}

/* --- name servers ----------------------------------------------------------------------------------------------------
 */

static int take_topology(struct survey *survey, const struct question_result *result, struct failure *why)
{
    struct topology *topology = NULL;

    if (topology_read(result->body, text_of(survey->options.cluster), &topology, why) != 0)
        return failure_wrap(why, "the name server %s", result->who);
    survey->roster = roster_new(topology);
    if (survey->roster)
        return 0;
    topology_free(topology);
    return failure_no_memory(why, "the cluster");
}

static void on_question(void *context, struct question_result *result)
{
    struct survey *survey = context;
    struct failure why = result->failure;

    survey->question = NULL;
    survey->open = 1;
    if (why.cause != CAUSE_NONE || take_topology(survey, result, &why) != 0 || ask_masters(survey, &why) != 0) {
        fail(survey, &why);
        survey_cancel(survey);
    }
    if (--survey->open == 0)
        finish(survey);
}

int survey_start(const struct survey_options *options,
                 void (*done)(void *context, struct roster *roster, const struct failure *why), void *context,
                 struct survey **out, struct failure *why)
{
    const struct frame request = {.code = REQUEST_CLUSTER_INFO};
    struct survey *survey = calloc(1, sizeof *survey);

    if (!survey)
        return failure_no_memory(why, "the cluster");
    survey->options = *options;
    survey->done = done;
    survey->context = context;
    if (name_servers_ask(options->names, &request, options->deadline_ms, on_question, survey, &survey->question, why) !=
        0) {
        free(survey);
        return -1;
    }
    *out = survey;
    return 0;
}
