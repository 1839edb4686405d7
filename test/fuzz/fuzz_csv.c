/* A file of the city: bytes to text, records, layout, rows. Each row is an entity, or says why not;
   what is written as a cell is read back the same. */
#include "fuzz.h"

#include "connect/bring.h"
#include "connect/row.h"

/* One attribute of each kind: its term, and what else its declaration says. */
static const char *const attributes[][2] = {
    {"number", "'key':true,'headers':['id']"},
    {"municipalityCode", "'headers':['code']"},
    {"n", "'value':'number','headers':['n'],'csv':{'spellings':{'-':0}}"},
    {"i", "'value':'integer','headers':['i']"},
    {"b", "'value':'boolean','headers':['b']"},
    {"d", "'value':'date','headers':['d'],'csv':{'date':'m/d/y'}"},
    {"t", "'value':'datetime','headers':['t']"},
    {"c", "'value':'clock','headers':['c']"},
    {"l", "'value':'list','headers':['l'],'csv':{'split':'、,'}"},
    {"r", "'kind':'Relationship','headers':['r'],'csv':{'relation':'urn:r:{}'}"},
    {"f", "'value':'list','schema':{'items':{'type':'integer'}},"
          "'csv':{'family':{'header':'f{n}','from':1,'to':3}}"},
    {"p", "'kind':'GeoProperty','csv':{'point':[{'lat':['lat'],'lon':['lon']},"
          "{'latlon':['ll']},{'geo3x3':['g']},{'mesh':['m']}]}"},
};
static const char layouts[] = "'files':[{'name':'t','recognise':['id'],'id':'urn:t:{number}'},"
                              "{'name':'h','recognise':['n'],'id':'urn:t:{@hash}'}]";

static Str declaration(Arena *arena) {
    Buf to = buf_new(arena, 1 << 16);
    buf_addf(&to, "{'type':'T','label':{'ja':'x','en':'x'},%s,'attributes':[", layouts);
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        buf_addf(&to, "%s{'term':'%s','label':{'ja':'x','en':'x'},%s}", i ? "," : "",
                 attributes[i][0], attributes[i][1]);
    buf_add(&to, STR("]}"));
    for (size_t i = 0; i < to.len; i++)
        if (to.ptr[i] == '\'') to.ptr[i] = '"';
    return buf_str(&to);
}

static void written_back(Ctx *ctx, Str cell) {
    Buf to = buf_new(ctx->arena, cell.len * 2 + 8);
    csv_write(&to, cell);
    if (to.len > 1 && to.ptr[1] == '\'' && cell.ptr[0] != '\'')
        return; /* guarded against formulas */
    Csv csv = {.text = buf_str(&to), .line = 1, .separator = ','};
    CsvRow row;
    Rc rc = csv_next(ctx, &csv, &row);
    assert(cell.len == 0 || (rc == RC_OK && row.cells.len == 1));
    assert(cell.len == 0 || str_eq(row.cells.items[0], cell));
}

static void rows_make(Ctx *ctx, Csv *csv, const Layout *layout) {
    RowSource source = {.layout = layout, .municipality = STR("999997")};
    CsvRow row;
    RowMade made;
    while (csv_next(ctx, csv, &row) == RC_OK) {
        assert(row.cells.len > 0);
        row_make(ctx, &source, &row, &made);
        assert(made.entity || made.fault.reason.len > 0);
        for (size_t i = 0; i < row.cells.len; i++)
            written_back(ctx, row.cells.items[i]);
    }
}

static void file_read(Ctx *ctx, const Dictionary *dictionary, Str text, char separator) {
    Csv csv = {.text = text, .line = 1, .separator = separator};
    CsvRow row;
    Layout *layout = NULL;
    while (!layout && csv_next(ctx, &csv, &row) == RC_OK)
        if (layout_recognise(ctx, dictionary, &row.cells, STR_NONE, &layout) != RC_OK)
            layout = NULL;
    if (layout) rows_make(ctx, &csv, layout);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Clock clock = {.fixed = 0};
    Rand rand = rand_seeded(1);
    Ctx ctx = {.arena = arena_new((size_t)1 << 30),
               .scratch = arena_new(64 << 20),
               .clock = &clock,
               .rand = &rand};
    DictFile file = {.path = STR("T.json")};
    const Dictionary *dictionary;
    Brought brought;
    Rc rc = json_read(&ctx, declaration(ctx.arena), JSON_LIMITS_DEFAULT, &file.content);
    assert(rc == RC_OK);
    rc = dictionary_compile(&ctx, &file, 1, false, &dictionary);
    assert(rc == RC_OK);
    if (bring_bytes(&ctx, (Str){(const char *)data, size}, &brought) == RC_OK) {
        assert(str_utf8_valid(brought.text));
        file_read(&ctx, dictionary, brought.text, ',');
        file_read(&ctx, dictionary, brought.text, '\t');
        file_read(&ctx, dictionary, brought.text, ';');
    } else {
        assert(ctx.error.detail.len > 0);
    }
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
    return 0;
}
