#include "leaf.h"

#include <sodium.h>
#include <string.h>

enum { HEADER_MAX = 4096, BOX_MIN = 24 + 16, SIGNATURE = 64 };

/* ---- leaves ---- */

static const char *sealed_read(Wire *wire, const LeafEach *each) {
    uint64_t count = wire_varint(wire);
    for (uint64_t i = 0; i < count && !wire->bad; i++) {
        Slice key = wire_bytes(wire, LEAF_ID), box = wire_str(wire);
        if (!wire->bad && box.len < BOX_MIN) return "a sealed part is too short";
        if (!wire->bad && each && each->sealed) each->sealed(each->arg, key.at);
    }
    return NULL;
}

static bool event_tell(const LeafEach *each, unsigned kind, Slice name, Slice clear) {
    if (kind == EVENT_NOTE && each->note) return each->note(each->arg, name, clear);
    bool stated = kind == EVENT_ERASURE || kind == EVENT_DISPOSAL;
    if (stated && each->statement) return each->statement(each->arg, kind, clear);
    if (kind == EVENT_FOLDING && each->folding) return each->folding(each->arg, clear);
    return true;
}

static const char *event_read(Wire *wire, const LeafEach *each) {
    unsigned kind = wire_u8(wire);
    if (!wire->bad && (kind < EVENT_CHANGE || kind > EVENT_FOLDING))
        return "an event is of no kind that the format names";
    Slice name = wire_text(wire, SIZE_MAX);
    wire_text(wire, SIZE_MAX); /* about */
    wire_text(wire, SIZE_MAX); /* subject */
    Slice clear = kind == EVENT_NOTE ? wire_text(wire, SIZE_MAX) : wire_str(wire);
    if (!wire->bad && name.len && kind != EVENT_NOTE) return "an event that is no note has a name";
    Wire before = *wire;
    if (kind > EVENT_NOTE && wire_varint(&before) != 0)
        return "a statement or a folding has sealed parts";
    const char *wrong = sealed_read(wire, each);
    if (wrong || wire->bad || !each) return wrong;
    return event_tell(each, kind, name, clear) ? NULL : "";
}

const char *leaf_read(Slice bytes, LeafHead *head, const LeafEach *each) {
    Wire wire = wire_of(bytes);
    if (wire_u8(&wire) != 1) return "its version is none that the format names";
    head->position = wire_varint(&wire);
    head->time = wire_varint(&wire);
    head->command = wire_bytes(&wire, LEAF_ID).at;
    for (int i = 0; i < 6; i++)
        wire_text(&wire, HEADER_MAX);
    head->events = wire_varint(&wire);
    if (wire.bad) return "its header can't be read";
    if (head->time > INT64_MAX) return "its time is none";
    if (!head->events) return "it has no events";
    for (uint64_t i = 0; i < head->events && !wire.bad; i++) {
        const char *wrong = event_read(&wire, each);
        if (wrong) return wrong;
    }
    if (wire.bad) return "an event can't be read";
    return wire_done(&wire) ? NULL : "bytes are left over at its end";
}

/* ---- statements ---- */

static const char *statement_fields(Wire *wire, Statement *out) {
    out->kind = wire_u8(wire);
    out->subject = wire_text(wire, SIZE_MAX);
    out->retention = wire_text(wire, SIZE_MAX);
    out->time = wire_varint(wire);
    wire_text(wire, SIZE_MAX); /* reason */
    uint64_t count = wire_varint(wire);
    if (wire->bad || count > (uint64_t)(wire->end - wire->at) / LEAF_ID) return "it can't be read";
    out->keys = wire_bytes(wire, count * LEAF_ID).at;
    out->key_count = (size_t)count;
    if (!wire_done(wire)) return "bytes are left over at its end";
    bool erasure = out->kind == EVENT_ERASURE && out->subject.len && !out->retention.len;
    bool disposal = out->kind == EVENT_DISPOSAL && !out->subject.len && out->retention.len;
    return erasure || disposal ? NULL : "it is neither an erasure nor a disposal";
}

const char *statement_read(Slice signed_bytes, const NoteKey *key, Statement *out) {
    *out = (Statement){0};
    if (signed_bytes.len < SIGNATURE) return "it is too short";
    Slice said = {signed_bytes.at, signed_bytes.len - SIGNATURE};
    Wire wire = wire_of(said);
    Slice title = wire_str(&wire), origin = wire_str(&wire);
    if (wire.bad || !slice_eq(title, slice_of("machi/1/erasure"))) return "it can't be read";
    out->foreign = !slice_eq(origin, slice_of(key->origin));
    if (out->foreign) return NULL;
    const char *wrong = statement_fields(&wire, out);
    if (wrong) return wrong;
    if (crypto_sign_verify_detached(said.at + said.len, said.at, said.len, key->public_key) != 0)
        return "its signature is not by the ledger's key";
    return NULL;
}

/* ---- rewrappings ---- */

/* JSON in one form only: no spaces, members in this order. */
const char *rekey_read(Slice clear, uint8_t to[LEAF_ID]) {
    static const char before[] = "{\"from\":\"", between[] = "\",\"to\":\"",
                      after[] = "\",\"keys\":";
    enum { HEX = 2 * LEAF_ID, TO = sizeof before - 1 + HEX + sizeof between - 1 };
    uint8_t from[LEAF_ID];
    const char *text = (const char *)clear.at;
    size_t len;
    const char *wrong = "a note \"rekey\" can't be read";
    if (clear.len < TO + HEX + sizeof after) return wrong;
    if (memcmp(text, before, sizeof before - 1) != 0 ||
        memcmp(text + TO - (sizeof between - 1), between, sizeof between - 1) != 0 ||
        memcmp(text + TO + HEX, after, sizeof after - 1) != 0)
        return wrong;
    if (sodium_hex2bin(from, LEAF_ID, text + sizeof before - 1, HEX, NULL, &len, NULL) != 0 ||
        sodium_hex2bin(to, LEAF_ID, text + TO, HEX, NULL, &len, NULL) != 0)
        return wrong;
    return NULL;
}

/* ---- what was appended again ---- */

/* Digits from *at on, which moves behind them. False: there are none, or more than 19, which always
 * fit. */
static bool digits_read(Slice text, size_t *at, uint64_t *out) {
    size_t first = *at;
    *out = 0;
    for (; *at < text.len && text.at[*at] >= '0' && text.at[*at] <= '9'; ++*at) {
        if (*at - first == 19) return false;
        *out = *out * 10 + (uint64_t)(text.at[*at] - '0');
    }
    return *at > first;
}

/* {"of":[POSITION,ORDINAL],"delta":{...}}, in this form only. */
const char *again_read(Slice clear, uint64_t *of) {
    static const char before[] = "{\"of\":[", after[] = "],\"delta\":{";
    const char *text = (const char *)clear.at, *wrong = "a note \"again\" can't be read";
    size_t at = sizeof before - 1;
    uint64_t ordinal;
    if (clear.len < at || memcmp(text, before, at) != 0) return wrong;
    if (!digits_read(clear, &at, of) || at == clear.len || text[at++] != ',') return wrong;
    if (!digits_read(clear, &at, &ordinal) || clear.len - at < sizeof after) return wrong;
    bool ends = memcmp(text + at, after, sizeof after - 1) == 0 && text[clear.len - 1] == '}';
    return ends ? NULL : wrong;
}

/* ---- attachments ---- */

/* A fixed text at *at, which moves behind it. */
static bool text_skip(Slice text, size_t *at, const char *fixed) {
    size_t len = strlen(fixed);
    if (text.len - *at < len || memcmp(text.at + *at, fixed, len) != 0) return false;
    *at += len;
    return true;
}

static bool hex_take(Slice text, size_t *at, uint8_t *out, size_t len) {
    size_t got;
    bool good =
        text.len - *at >= 2 * len &&
        sodium_hex2bin(out, len, (const char *)text.at + *at, 2 * len, NULL, &got, NULL) == 0 &&
        got == len;
    *at += good ? 2 * len : 0;
    return good;
}

/* {"file":"HASH","bytes":N,"key":"ID"}, in this form only. */
const char *attachment_read(Slice clear, Attachment *out) {
    size_t at = 0;
    uint64_t bytes;
    bool good = text_skip(clear, &at, "{\"file\":\"") &&
                hex_take(clear, &at, out->file.bytes, sizeof out->file.bytes) &&
                text_skip(clear, &at, "\",\"bytes\":") && digits_read(clear, &at, &bytes) &&
                text_skip(clear, &at, ",\"key\":\"") &&
                hex_take(clear, &at, out->key, sizeof out->key) && text_skip(clear, &at, "\"}") &&
                at == clear.len;
    return good ? NULL : "a note \"attachment\" can't be read";
}

/* ---- foldings ---- */

bool folding_range(Folding *folding, uint64_t *first, uint64_t *count) {
    if (!folding->range_count) return false;
    folding->range_count--;
    *first = wire_varint(&folding->ranges);
    *count = wire_varint(&folding->ranges);
    return !folding->ranges.bad;
}

bool folding_chunk(Folding *folding, Hash *name) {
    if (!folding->chunk_count) return false;
    folding->chunk_count--;
    Slice bytes = wire_bytes(&folding->chunks, TREE_HASH);
    if (bytes.len) memcpy(name->bytes, bytes.at, TREE_HASH);
    return !folding->chunks.bad;
}

const char *folding_read(Slice clear, uint64_t below, Folding *out) {
    Wire wire = wire_of(clear);
    uint64_t next = 1; /* the lowest position that the next range may begin at */
    if (wire_u8(&wire) != 1) return "its form is none that the format names";
    *out = (Folding){.range_count = wire_varint(&wire)};
    out->ranges = wire;
    for (uint64_t i = 0; i < out->range_count && !wire.bad; i++) {
        uint64_t first = wire_varint(&wire), count = wire_varint(&wire);
        if (wire.bad) break;
        if (first < next || !count || first >= below || count > below - first)
            return "its ranges are not ascending, disjoint and below its leaf";
        next = first + count;
    }
    out->chunk_count = wire_varint(&wire);
    out->chunks = wire;
    if (wire.bad || out->chunk_count > (uint64_t)(wire.end - wire.at) / TREE_HASH)
        return "it can't be read";
    wire_bytes(&wire, out->chunk_count * TREE_HASH);
    return wire_done(&wire) ? NULL : "bytes are left over at its end";
}
