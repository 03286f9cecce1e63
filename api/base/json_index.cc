/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/json_index.h"

#include <memory>
#include <new>

#include <simdjson.h>

struct json_index {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> scanner;
};

/* The second stage, which would nest, is never run. */
static const size_t least_depth = 1;

struct json_index *json_index_new(size_t bytes)
{
    std::unique_ptr<json_index> index(new (std::nothrow) json_index);
    if (!index)
        return nullptr;
    const simdjson::implementation *best = simdjson::get_active_implementation();
    if (best->create_dom_parser_implementation(bytes, least_depth, index->scanner) != simdjson::SUCCESS)
        return nullptr;
    return index.release();
}

void json_index_free(struct json_index *index)
{
    delete index;
}

enum json_index_result json_index_scan(struct json_index *index, const char *piece, size_t bytes,
                                       const uint32_t **out_starts, size_t *out_count)
{
    simdjson::internal::dom_parser_implementation &scanner = *index->scanner;

    if (bytes > scanner.capacity() && scanner.allocate(bytes, least_depth) != simdjson::SUCCESS)
        return JSON_INDEX_NO_MEMORY;
    const uint8_t *first = reinterpret_cast<const uint8_t *>(piece);
    simdjson::error_code error = scanner.stage1(first, bytes, simdjson::stage1_mode::regular);
    if (error == simdjson::UNCLOSED_STRING)
        return JSON_INDEX_IN_STRING;
    if (error != simdjson::SUCCESS && error != simdjson::EMPTY)
        return JSON_INDEX_DAMAGED;
    *out_count = error == simdjson::EMPTY ? 0 : scanner.n_structural_indexes;
    scanner.structural_indexes[*out_count] = static_cast<uint32_t>(bytes);
    *out_starts = scanner.structural_indexes.get();
    return JSON_INDEX_DONE;
}
