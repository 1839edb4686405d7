/* The only C++ in machi. Of simdjson only stage 1 is used: it checks UTF-8 and finds the structure
   at several bytes per cycle; reader.c builds the tree, because a DOM of simdjson keeps neither the
   text of numbers nor integers beyond 64 bits. */
#include "simd.h"

#include <charconv>
#include <cmath>
#include <memory>
#include <new>
#include <simdjson.h>

struct Simd {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
};

Simd *simd_new(size_t capacity) {
    auto *simd = new (std::nothrow) Simd;
    if (!simd) return nullptr;
    const simdjson::implementation *implementation = simdjson::get_active_implementation();
    if (implementation->create_dom_parser_implementation(capacity, 1, simd->parser) ==
        simdjson::SUCCESS)
        return simd;
    delete simd;
    return nullptr;
}

void simd_free(Simd *simd) {
    delete simd;
}

size_t simd_capacity(const Simd *simd) {
    return simd->parser->capacity();
}

SimdResult simd_index(Simd *simd, const char *text, size_t len, const uint32_t **index, size_t *n) {
    auto *bytes = reinterpret_cast<const uint8_t *>(text);
    auto error =
        len ? simd->parser->stage1(bytes, len, simdjson::stage1_mode::regular) : simdjson::EMPTY;
    if (error == simdjson::EMPTY) return SIMD_EMPTY;
    if (error != simdjson::SUCCESS) return SIMD_BAD;
    *index = simd->parser->structural_indexes.get();
    *n = simd->parser->n_structural_indexes;
    return SIMD_OK;
}

bool simd_read_double(const char *text, size_t len, double *out) {
    auto result = std::from_chars(text, text + len, *out);
    return result.ec == std::errc() && result.ptr == text + len;
}

size_t simd_write_double(char *to, double value) {
    double size = std::fabs(value);
    bool plain = size == 0 || (size >= 1e-6 && size < 1e21);
    auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
    return static_cast<size_t>(std::to_chars(to, to + 32, value, format).ptr - to);
}
