/* SPDX-License-Identifier: Apache-2.0
 *
 * The yardstick for reading JSON: visits every value of every file with simdjson on-demand, keys and texts unescaped,
 * numbers converted, and does nothing with them but count.
 */
#include <cstdint>
#include <cstdio>

#include <simdjson.h>

namespace ondemand = simdjson::ondemand;

struct counts {
    uint64_t values, text_bytes;
    double sum;
};

static bool visit(ondemand::value value, counts &seen);

static bool visit_object(ondemand::object object, counts &seen)
{
    for (auto member : object) {
        std::string_view key;
        if (member.unescaped_key().get(key))
            return false;
        seen.text_bytes += key.size();
        ondemand::value inner;
        if (member.value().get(inner) || !visit(inner, seen))
            return false;
    }
    return true;
}

static bool visit_array(ondemand::array array, counts &seen)
{
    for (auto element : array) {
        ondemand::value inner;
        if (element.get(inner) || !visit(inner, seen))
            return false;
    }
    return true;
}

static bool visit_scalar(ondemand::value value, ondemand::json_type type, counts &seen)
{
    std::string_view text;
    ondemand::number number;
    bool truth = false, null = false;

    switch (type) {
    case ondemand::json_type::string:
        if (value.get_string().get(text))
            return false;
        seen.text_bytes += text.size();
        return true;
    case ondemand::json_type::number:
        if (value.get_number().get(number))
            return false;
        seen.sum += number.as_double();
        return true;
    case ondemand::json_type::boolean:
        if (value.get_bool().get(truth))
            return false;
        seen.sum += truth;
        return true;
    default:
        return !value.is_null().get(null) && null;
    }
}

static bool visit(ondemand::value value, counts &seen)
{
    ondemand::json_type type;
    ondemand::object object;
    ondemand::array array;

    seen.values++;
    if (value.type().get(type))
        return false;
    if (type == ondemand::json_type::object)
        return !value.get_object().get(object) && visit_object(object, seen);
    if (type == ondemand::json_type::array)
        return !value.get_array().get(array) && visit_array(array, seen);
    return visit_scalar(value, type, seen);
}

static bool visit_file(const char *path, counts &seen)
{
    simdjson::padded_string text;
    ondemand::parser parser;
    ondemand::document document;
    ondemand::value root;

    return !simdjson::padded_string::load(path).get(text) && !parser.iterate(text).get(document) &&
           !document.get_value().get(root) && visit(root, seen);
}

int main(int argc, char **argv)
{
    counts seen = {0, 0, 0};

    for (int i = 1; i < argc; i++)
        if (!visit_file(argv[i], seen)) {
            std::fprintf(stderr, "%s: cannot be visited\n", argv[i]);
            return 1;
        }
    std::printf("%llu values, %llu bytes of text, sum %.0f\n", static_cast<unsigned long long>(seen.values),
                static_cast<unsigned long long>(seen.text_bytes), seen.sum);
    return 0;
}
