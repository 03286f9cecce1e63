/* SPDX-License-Identifier: Apache-2.0
 *
 * How to come by keys, worked out as far as files, the environment and programs go: the keys themselves, or the
 * requests that are left to be made (fetch.h). Values only; wiped on release.
 */
#ifndef MQFERRY_API_CLOUD_RECIPE_H
#define MQFERRY_API_CLOUD_RECIPE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/base/failure.h"
#include "api/cloud/profile.h"

struct keys {
    char *id, *secret;
    char *token;             /* NULL: a pair that lasts */
    int64_t expires_unix_ms; /* 0: never */
};
void keys_release(struct keys *keys);
int keys_set(struct keys *keys, const char *id, const char *secret, const char *token, const char *expiration,
             struct failure *why); /* expiration: RFC 3339, or NULL */

enum { ROLES_MAX = 4, ROLE_SECONDS_DEFAULT = 3600 };

struct role { /* for AssumeRole and AssumeRoleWithOIDC (openapi 6.6) */
    char *arn, *session_name, *policy, *external_id;
    char *endpoint; /* a host name */
    int64_t duration_s;
};

enum recipe_base { BASE_KEYS, BASE_OIDC, BASE_ECS_ROLE, BASE_URI };

struct recipe {
    enum recipe_base base;
    struct keys keys;                     /* KEYS */
    struct role oidc;                     /* OIDC */
    char *oidc_provider_arn, *oidc_token; /* OIDC; the token is the file's content as it is now */
    char *ecs_role;                       /* ECS_ROLE; NULL: the metadata server tells it */
    bool ecs_token_required;              /* ECS_ROLE: no fall-back to version 1 of the metadata service */
    char *uri;                            /* URI */
    struct role roles[ROLES_MAX];         /* assumed with what base gives, one after the other */
    uint32_t role_count;
    uint32_t stale_before_s; /* renewed so long before they expire */
};

void recipe_release(struct recipe *recipe);

/* What the chain reads besides the profile: values of the environment, and where a source profile is found. */
struct recipe_surroundings {
    const char *cli_path; /* of the file that source_profile is looked up in; NULL: there is none */
    struct text cli_json; /* its content, padded */
    const atomic_bool *cancelled;
};

/* Reads what the profile's mode asks for: an OIDC token's file, a program's output. Blocks (a program: 60 s at most).
 * Modes: AK, StsToken, RamRoleArn, ChainableRamRoleArn, EcsRamRole, OIDC, External, CredentialsURI (openapi 6.2), and
 * the ini file's types for the same (6.3). Without a mode it is a pair of keys. Cause CREDENTIALS_REJECTED. */
int recipe_of_profile(const struct profile *profile, const struct recipe_surroundings *surroundings, struct recipe *out,
                      struct failure *why);

#endif
