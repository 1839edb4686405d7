/* sketch: which values each living entity has, rounded to 48 bits, in memory: what an index would
   say of attributes that have none. A walk over a million rows becomes one over some ten million
   bytes, which passes over nearly all that can't satisfy a bound. Entities lie in blocks by their
   number; an entity's codes are sorted: attribute, whether it stands beside others, rounded value.

   What is in the sketch is of the newest batch. A reader whose snapshot is older is also shown what
   changed since, as far as that is remembered; else the sketch is of no use to it. */
#include "store_int.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 256,   /* entities */
    SAME_MAX = 16, /* values of one attribute; with more it is only known to be there */
    ATTRS_MAX = (1 << 15) - 1,
    NAMES_BYTES = 16 << 20,
    CHANGES = 1 << 14,   /* remembered */
    BLOCKS_AT_ONCE = 64, /* between two looks at the clock, and for a writer that waits */
};

#define CODE_BITS 48
#define CODE_MASK ((UINT64_C(1) << CODE_BITS) - 1)
#define BESIDE    (UINT64_C(1) << CODE_BITS) /* other instances of the attribute may be there */

typedef struct Block {
    uint32_t start[BLOCK + 1]; /* of each entity's codes */
    size_t cap;
    uint64_t *codes;
} Block;

typedef struct Changed {
    uint64_t sequence;
    int64_t number;
} Changed;

struct Sketch {
    pthread_mutex_t lock;
    size_t max, bytes;
    bool whole, off;   /* every living entity is in it; it grew too large and was given up */
    uint64_t sequence; /* of the newest batch in it */
    Arena *names;
    Map attrs; /* iri to its number as a pointer, from 1 on */
    Block **blocks;
    size_t block_count;
    Changed *changes; /* a ring; NULL before the first */
    uint64_t changed; /* so many were ever written to it */
};

Sketch *sketch_new(size_t max) {
    Sketch *sketch = mem_zero(sizeof *sketch);
    pthread_mutex_init(&sketch->lock, NULL);
    sketch->max = max;
    sketch->names = arena_new(2 * NAMES_BYTES);
    sketch->attrs = map_new(sketch->names);
    return sketch;
}

static void blocks_free(Sketch *sketch) {
    for (size_t i = 0; i < sketch->block_count; i++) {
        if (sketch->blocks[i]) mem_free(sketch->blocks[i]->codes);
        mem_free(sketch->blocks[i]);
    }
    mem_free(sketch->blocks);
    sketch->blocks = NULL;
    sketch->block_count = sketch->bytes = 0;
}

void sketch_free(Sketch *sketch) {
    if (!sketch) return;
    blocks_free(sketch);
    mem_free(sketch->changes);
    arena_free(sketch->names);
    pthread_mutex_destroy(&sketch->lock);
    mem_free(sketch);
}

void sketch_begin(Sketch *sketch, uint64_t sequence, bool empty) {
    sketch->sequence = sequence;
    sketch->whole = empty;
}

bool sketch_forgot(Sketch *sketch) {
    if (!sketch) return false;
    pthread_mutex_lock(&sketch->lock);
    bool forgot = !sketch->whole && !sketch->off;
    pthread_mutex_unlock(&sketch->lock);
    return forgot;
}

/* Scans go by the rows from here on, until the program is started again. */
static void give_up(Sketch *sketch) {
    blocks_free(sketch);
    sketch->off = true;
    log_warn("store",
             "values without an index are looked for in rows: there are too many of them "
             "to be sketched in %zu MiB",
             sketch->max >> 20);
}

/* ---- one entity's codes ---- */

/* 0: not known, and no room for another one. */
static uint64_t attr_number(Sketch *sketch, Str attr, bool add) {
    pthread_mutex_lock(&sketch->lock);
    uintptr_t number = (uintptr_t)map_get(&sketch->attrs, attr);
    bool room = sketch->attrs.len < ATTRS_MAX && arena_used(sketch->names) < NAMES_BYTES;
    if (!number && add && room) {
        number = sketch->attrs.len + 1;
        map_put(&sketch->attrs, str_dup(sketch->names, attr), (void *)number);
    }
    pthread_mutex_unlock(&sketch->lock);
    return number;
}

static uint64_t attr_of(uint64_t code) {
    return code >> (CODE_BITS + 1);
}

static int compare_codes(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Sorts, leaves out what is there twice, and says of an attribute with many values only that it is
 * there. Returns how many are left. */
static size_t codes_tidy(uint64_t *codes, size_t len) {
    size_t kept = 0, first = 0; /* of the attribute at hand */
    if (len) qsort(codes, len, sizeof *codes, compare_codes);
    for (size_t i = 0; i < len; i++) {
        if (kept && codes[kept - 1] == codes[i]) continue;
        if (!kept || attr_of(codes[kept - 1]) != attr_of(codes[i])) first = kept;
        if (kept - first < SAME_MAX) {
            codes[kept++] = codes[i];
        } else {
            codes[first] = attr_of(codes[i]) << (CODE_BITS + 1) | BESIDE | MARK_CODE_ANY;
            kept = first + 1;
        }
    }
    return kept;
}

void sketch_stage(Db *db, EntityBatch *batch, const EntityPut *put, int64_t number) {
    Sketch *sketch = db->store->sketch;
    if (!sketch || sketch->off) return;
    bool alive = put->same_finds || put->types.len > 0;
    SketchOp op = {.kind = put->same_finds ? SKETCH_CHANGE : SKETCH_SET, .number = number};
    size_t most = alive ? put->values.len : 0;
    op.codes = NEW_ARRAY(batch->arena, uint64_t, most + 1);
    for (size_t i = 0; i < most; i++) {
        const IndexValue *value = &put->values.items[i];
        uint64_t attr = attr_number(sketch, value->attr, true);
        if (!attr) op.kind = SKETCH_TOO_MANY;
        op.codes[op.len++] = attr << (CODE_BITS + 1) | (value->beside ? BESIDE : 0) |
                             mark_code(mark_value(batch->scratch, value->value));
    }
    op.len = codes_tidy(op.codes, op.len);
    vec_push(batch->arena, &batch->sketched, op);
}

void sketch_say(Db *db, EntityBatch *batch, SketchKind kind) {
    if (db->store->sketch) vec_push(batch->arena, &batch->sketched, (SketchOp){.kind = kind});
}

/* ---- blocks ---- */

static Block *block_of(Sketch *sketch, size_t index) {
    if (index >= sketch->block_count) {
        size_t count = index + 1 + index / 2;
        sketch->blocks = mem_grow(sketch->blocks, count * sizeof *sketch->blocks);
        memset(sketch->blocks + sketch->block_count, 0,
               (count - sketch->block_count) * sizeof *sketch->blocks);
        sketch->bytes += (count - sketch->block_count) * sizeof *sketch->blocks;
        sketch->block_count = count;
    }
    if (!sketch->blocks[index]) {
        sketch->blocks[index] = mem_zero(sizeof(Block));
        sketch->bytes += sizeof(Block);
    }
    return sketch->blocks[index];
}

static void block_room(Sketch *sketch, Block *block, size_t len) {
    if (len <= block->cap) return;
    size_t cap = len + len / 4 + 16;
    block->codes = mem_grow(block->codes, cap * sizeof *block->codes);
    sketch->bytes += (cap - block->cap) * sizeof *block->codes;
    block->cap = cap;
}

static void codes_set(Sketch *sketch, int64_t number, const uint64_t *codes, size_t len) {
    Block *block = block_of(sketch, (size_t)number / BLOCK);
    size_t at = (size_t)number % BLOCK, all = block->start[BLOCK];
    size_t from = block->start[at], to = block->start[at + 1];
    if (to - from != len) {
        block_room(sketch, block, all + len);
        if (all > to)
            memmove(block->codes + from + len, block->codes + to, (all - to) * sizeof *codes);
        for (size_t i = at + 1; i <= BLOCK; i++)
            block->start[i] = (uint32_t)(block->start[i] + len - (to - from));
    }
    if (len) memcpy(block->codes + from, codes, len * sizeof *codes);
}

static bool replaced(const SketchOp *op, uint64_t code) {
    if (code & BESIDE) return false;
    for (size_t i = 0; i < op->len; i++)
        if (attr_of(op->codes[i]) == attr_of(code) && !(op->codes[i] & BESIDE)) return true;
    return false;
}

/* Of the attributes named, what stands for the default instance is replaced; the rest is kept. */
static void codes_change(Sketch *sketch, Arena *arena, const SketchOp *op) {
    const Block *block = block_of(sketch, (size_t)op->number / BLOCK);
    size_t at = (size_t)op->number % BLOCK;
    size_t from = block->start[at], to = block->start[at + 1], len = 0;
    uint64_t *codes = NEW_ARRAY(arena, uint64_t, to - from + op->len + 1);
    for (size_t i = from; i < to; i++)
        if (!replaced(op, block->codes[i])) codes[len++] = block->codes[i];
    if (op->len) memcpy(codes + len, op->codes, op->len * sizeof *codes);
    len = codes_tidy(codes, len + op->len);
    codes_set(sketch, op->number, codes, len);
}

static void op_apply(Sketch *sketch, Arena *arena, const SketchOp *op) {
    switch (op->kind) {
    case SKETCH_SET:
        codes_set(sketch, op->number, op->codes, op->len);
        break;
    case SKETCH_CHANGE:
        codes_change(sketch, arena, op);
        break;
    case SKETCH_CLEAR:
        blocks_free(sketch);
        sketch->whole = true;
        return;
    case SKETCH_WHOLE:
        sketch->whole = true;
        return;
    case SKETCH_TOO_MANY:
        give_up(sketch);
        return;
    }
    if (!sketch->changes) sketch->changes = mem_alloc(CHANGES * sizeof *sketch->changes);
    sketch->changes[sketch->changed++ % CHANGES] = (Changed){sketch->sequence, op->number};
    if (sketch->bytes > sketch->max) give_up(sketch);
}

uint64_t sketch_apply(Sketch *sketch, EntityBatch *batch) {
    pthread_mutex_lock(&sketch->lock);
    sketch->sequence++;
    for (size_t i = 0; i < batch->sketched.len && !sketch->off; i++)
        op_apply(sketch, batch->scratch, &batch->sketched.items[i]);
    uint64_t sequence = sketch->sequence;
    pthread_mutex_unlock(&sketch->lock);
    arena_reset(batch->scratch);
    return sequence;
}

void sketch_spoil(Sketch *sketch) {
    pthread_mutex_lock(&sketch->lock);
    sketch->whole = false;
    pthread_mutex_unlock(&sketch->lock);
}

/* ---- finding ---- */

typedef struct Wanted {
    uint64_t attr;
    CodeRange ranges[MARK_RANGES];
    size_t range_count;
} Wanted;

typedef struct Sifting {
    Sketch *sketch;
    Arena *arena;
    const Wanted *wanted; /* of each bound */
    size_t bounds, max;
    Numbers *out;
} Sifting;

static bool code_meets(uint64_t code, const Wanted *wanted) {
    for (size_t i = 0; i < wanted->range_count; i++)
        if (code >= wanted->ranges[i].from && code <= wanted->ranges[i].to) return true;
    return false;
}

static bool codes_meet(const uint64_t *codes, size_t len, const Wanted *wanted) {
    for (size_t i = 0; i < len && attr_of(codes[i]) <= wanted->attr; i++)
        if (attr_of(codes[i]) == wanted->attr && code_meets(codes[i] & CODE_MASK, wanted))
            return true;
    return false;
}

static void sift_block(const Sifting *s, size_t index) {
    const Block *block = s->sketch->blocks[index];
    for (size_t at = 0; block && at < BLOCK; at++) {
        size_t from = block->start[at], len = block->start[at + 1] - from;
        bool meets = len > 0;
        for (size_t i = 0; i < s->bounds && meets; i++)
            meets = codes_meet(block->codes + from, len, &s->wanted[i]);
        if (meets) vec_push(s->arena, s->out, (int64_t)(index * BLOCK + at));
    }
}

/* What changed after the snapshot; false: further back than is remembered. */
static bool add_changed(const Sifting *s, uint64_t sequence) {
    const Sketch *sketch = s->sketch;
    uint64_t kept = sketch->changed < CHANGES ? sketch->changed : CHANGES;
    for (uint64_t i = 1; i <= kept; i++) {
        const Changed *change = &sketch->changes[(sketch->changed - i) % CHANGES];
        if (change->sequence <= sequence) return true;
        vec_push(s->arena, s->out, change->number);
    }
    return kept < CHANGES;
}

static bool sift_some(const Sifting *s, size_t *next) {
    pthread_mutex_lock(&s->sketch->lock);
    size_t until = *next + BLOCKS_AT_ONCE, count = s->sketch->block_count;
    bool usable = s->sketch->whole && !s->sketch->off;
    for (; usable && *next < until && *next < count; ++*next)
        sift_block(s, *next);
    bool more = usable && *next < count && s->out->len <= s->max;
    pthread_mutex_unlock(&s->sketch->lock);
    return more;
}

static bool sift_changed(const Sifting *s, uint64_t sequence) {
    pthread_mutex_lock(&s->sketch->lock);
    bool usable = s->sketch->whole && !s->sketch->off && add_changed(s, sequence);
    pthread_mutex_unlock(&s->sketch->lock);
    return usable && s->out->len <= s->max;
}

static const Wanted *wanted_of(Sketch *sketch, Arena *arena, const MatchHint *hint) {
    Wanted *wanted = NEW_ARRAY(arena, Wanted, hint->bounds.len);
    for (size_t i = 0; i < hint->bounds.len; i++) {
        const MatchBound *bound = &hint->bounds.items[i];
        wanted[i].attr = attr_number(sketch, bound->attr, false); /* 0: no entity has it */
        wanted[i].range_count = mark_code_ranges(arena, bound->op, bound->value, wanted[i].ranges);
    }
    return wanted;
}

Rc sketch_find(Ctx *ctx, Sketch *sketch, const SketchAsk *ask, SketchFound *out) {
    Arena *arena = ask->arena;
    *out = (SketchFound){0};
    if (!sketch || !ask->hint->bounds.len) return RC_OK;
    Sifting s = {.sketch = sketch,
                 .arena = arena,
                 .wanted = wanted_of(sketch, arena, ask->hint),
                 .bounds = ask->hint->bounds.len,
                 .max = ask->max,
                 .out = &out->numbers};
    for (size_t next = 0; sift_some(&s, &next);)
        TRY(ctx_check_deadline(ctx));
    /* Last, as batches may have come while the blocks were gone through. */
    out->usable = sift_changed(&s, ask->sequence);
    numbers_sort(&out->numbers);
    return RC_OK;
}
