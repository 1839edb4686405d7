#include "note.h"

#include "memory.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_HASH = 4 };

static void key_hash(const NoteKey *key, uint8_t out[KEY_HASH]) {
    static const uint8_t middle[2] = {0x0a, 0x01};
    uint8_t digest[TREE_HASH];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *)key->origin, NOTE_ORIGIN);
    crypto_hash_sha256_update(&state, middle, sizeof middle);
    crypto_hash_sha256_update(&state, key->public_key, NOTE_KEY);
    crypto_hash_sha256_final(&state, digest);
    memcpy(out, digest, KEY_HASH);
}

bool note_origin(Slice text, char out[NOTE_ORIGIN + 1]) {
    if (text.len != NOTE_ORIGIN || memcmp(text.at, "machi/", 6) != 0) return false;
    for (size_t i = 6; i < text.len; i++)
        if (!text.at[i] || !strchr("0123456789abcdef", text.at[i])) return false;
    memcpy(out, text.at, NOTE_ORIGIN);
    out[NOTE_ORIGIN] = 0;
    return true;
}

/* "— <origin> <base64>" with nothing behind it. */
static const char *signature_read(Slice line, const NoteKey *key, Slice text) {
    uint8_t given[KEY_HASH + NOTE_SIGNATURE], expected[KEY_HASH];
    char head[NOTE_ORIGIN + 8];
    int len = snprintf(head, sizeof head, "\xe2\x80\x94 %s ", key->origin);
    if (line.len < (size_t)len || memcmp(line.at, head, (size_t)len) != 0)
        return "its signature line is not of this ledger";
    Slice base64 = {line.at + len, line.len - (size_t)len};
    if (!slice_base64(base64, given, sizeof given)) return "its signature is no base64 of 68 bytes";
    key_hash(key, expected);
    if (memcmp(given, expected, KEY_HASH) != 0) return "it names another key";
    if (crypto_sign_verify_detached(given + KEY_HASH, text.at, text.len, key->public_key) != 0)
        return "its signature is not by the ledger's key";
    return NULL;
}

const char *note_read(Slice text, const NoteKey *key, Note *out) {
    Slice rest = text, origin, size, root, empty, signature;
    if (!slice_cut(&rest, '\n', &origin) || !slice_cut(&rest, '\n', &size) ||
        !slice_cut(&rest, '\n', &root))
        return "it has too few lines";
    Slice covered = {text.at, text.len - rest.len};
    if (!slice_cut(&rest, '\n', &empty) || !slice_cut(&rest, '\n', &signature) || rest.len ||
        empty.len)
        return "it has not the lines of a checkpoint";
    if (!slice_eq(origin, slice_of(key->origin))) return "its origin is another";
    if (!slice_number(size, &out->size)) return "its size is no number";
    if (!slice_base64(root, out->root.bytes, TREE_HASH)) return "its root is no base64 of a hash";
    return signature_read(signature, key, covered);
}

/* ---- the witness file ---- */

/* "<origin>+<8 hex digits>+<base64 of 0x01 ‖ public key>" */
static const char *verifier_key_read(Slice line, NoteKey *key) {
    Slice origin, hash;
    uint8_t typed[1 + NOTE_KEY], expected[KEY_HASH];
    char digits[2 * KEY_HASH + 1];
    if (!slice_cut(&line, '+', &origin) || !slice_cut(&line, '+', &hash) ||
        !note_origin(origin, key->origin) || !slice_base64(line, typed, sizeof typed) ||
        typed[0] != 0x01)
        return "its second line is no verifier key";
    memcpy(key->public_key, typed + 1, NOTE_KEY);
    key_hash(key, expected);
    sodium_bin2hex(digits, sizeof digits, expected, KEY_HASH);
    return slice_eq(hash, slice_of(digits)) ? NULL : "its verifier key's hash is not the key's";
}

/* RFC 3339, UTC: "2026-11-21T08:00:00.000000Z", with any number of decimals. */
static bool time_shaped(Slice text) {
    static const char shape[] = "dddd-dd-ddTdd:dd:dd.d";
    if (text.len <= sizeof shape - 1 || text.len > NOTE_TIME) return false;
    for (size_t i = 0; i < text.len; i++) {
        bool digit = text.at[i] >= '0' && text.at[i] <= '9';
        char expected = i == text.len - 1 ? 'Z' : i < sizeof shape - 1 ? shape[i] : 'd';
        if (expected == 'd' ? !digit : text.at[i] != (uint8_t)expected) return false;
    }
    return true;
}

/* The next record. *whole is false when the file ends within it. */
static const char *record_read(Slice *rest, Slice *note, Slice *time, bool *whole) {
    Slice line, word, len_text;
    uint64_t len;
    *whole = false;
    if (!slice_cut(rest, '\n', &line)) return NULL;
    Slice tail = line;
    if (!slice_cut(&tail, ' ', &word) || !slice_eq(word, slice_of("checkpoint")) ||
        !slice_cut(&tail, ' ', &len_text) || !slice_number(len_text, &len) || !time_shaped(tail))
        return "a record does not begin as one";
    if (len > rest->len) return NULL;
    *time = tail;
    *note = (Slice){rest->at, (size_t)len};
    *rest = (Slice){rest->at + len, rest->len - (size_t)len};
    *whole = true;
    return NULL;
}

static int by_size(const void *a, const void *b) {
    const Note *left = a, *right = b;
    return (left->size > right->size) - (left->size < right->size);
}

const char *note_witness_read(Slice file, Witness *out) {
    Slice rest = file, first, key, text, time;
    size_t room = 0;
    uint64_t largest = 0;
    *out = (Witness){0};
    if (!slice_cut(&rest, '\n', &first) || !slice_eq(first, slice_of("machi-witness/1")) ||
        !slice_cut(&rest, '\n', &key))
        return "it is no witness file of version 1";
    const char *wrong = verifier_key_read(key, &out->key);
    for (bool whole = true; !wrong && rest.len;) {
        Note note;
        wrong = record_read(&rest, &text, &time, &whole);
        out->torn = !wrong && !whole;
        if (wrong || !whole) break;
        if ((wrong = note_read(text, &out->key, &note))) break;
        if (out->count == room)
            out->notes = memory_grow(out->notes, (room = room ? 2 * room : 64), sizeof note);
        out->notes[out->count++] = note;
        if (note.size < largest) continue;
        largest = note.size;
        memcpy(out->newest, time.at, time.len);
        out->newest[time.len] = 0;
    }
    if (out->count) qsort(out->notes, out->count, sizeof *out->notes, by_size);
    return wrong;
}

void note_witness_free(Witness *witness) {
    memory_drop(witness->notes);
    *witness = (Witness){0};
}
