/* machi-verify: checks a copy of a ledger against doc/ledger-format.md, sharing no code with the
   server. */
#include "keyring.h"
#include "lottery.h"
#include "memory.h"
#include "proof.h"
#include "report.h"
#include "walk.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

enum { SOUND, UNSOUND, UNUSABLE };

typedef struct Options {
    const char *witness, *erasures, *proof, *copy; /* paths; NULL: not given */
    bool json, help;
} Options;

static const char usage[] =
    "usage: machi-verify [--json] [--witness FILE] [--erasures FILE] [--proof FILE] "
    "LEDGER.DB|FOLDER\n"
    "       machi-verify [--json] --witness FILE --proof FILE\n"
    "       machi-verify lottery FILE [CASE SALT]\n"
    "\n"
    "Checks every leaf, tile, checkpoint and key of a copy of a ledger, and of a folder the files\n"
    "that it names, and tells the first record that was altered, removed, reordered or cut off.\n"
    "The folder may be in use, or a backup; it is only read. Without a witness file, a rewriting "
    "by\n"
    "whoever has the signing key can't be seen.\n"
    "\n"
    "lottery computes a published draw again and names the first line that differs; with the id "
    "of a\n"
    "case and its salt it tells the rank of whose it is.\n"
    "\n"
    "  --witness FILE   the witness file, kept elsewhere\n"
    "  --erasures FILE  the list of erasures, beside the tenant's key; it need not be there yet\n"
    "  --proof FILE     checks a proof that one leaf is in the ledger, too\n"
    "  --json           prints the report as JSON\n"
    "\n"
    "Exit code: 0 sound, 1 not sound, 2 the copy or a file can't be read, or wrong usage.\n";

static bool options_read(int argc, char **argv, Options *out) {
    static const struct option known[] = {
        {"witness", required_argument, NULL, 'w'}, {"erasures", required_argument, NULL, 'e'},
        {"proof", required_argument, NULL, 'p'},   {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},          {0},
    };
    for (int found; (found = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (found) {
        case 'w':
            out->witness = optarg;
            break;
        case 'e':
            out->erasures = optarg;
            break;
        case 'p':
            out->proof = optarg;
            break;
        case 'j':
            out->json = true;
            break;
        case 'h':
            out->help = true;
            break;
        default:
            return false;
        }
    }
    if (optind < argc) out->copy = argv[optind++];
    return out->help || (optind == argc && (out->copy || (out->proof && out->witness)));
}

/* What a run reads, beside the copy. */
typedef struct Files {
    Slice witness, erasures, proof;
    bool list_there; /* no list was begun where nothing was erased */
} Files;

static bool file_read(const char *path, Slice *out) {
    if (!path || memory_file(path, out)) return true;
    fprintf(stderr, "machi-verify: %s can't be read: %s.\n", path, strerrordesc_np(errno));
    return false;
}

/* The list begins with the first erasure: one that isn't there is empty, and the ledger tells
 * whether that can be. */
static bool list_read(const char *path, Files *files) {
    files->list_there = path && (access(path, F_OK) == 0 || errno != ENOENT);
    return !files->list_there || file_read(path, &files->erasures);
}

/* Before the copy: what the witness and the list say is then in it. */
static bool files_read(const Options *options, Files *files) {
    return file_read(options->witness, &files->witness) && list_read(options->erasures, files) &&
           file_read(options->proof, &files->proof);
}

static void files_drop(Files *files) {
    memory_drop((void *)files->witness.at);
    memory_drop((void *)files->erasures.at);
    memory_drop((void *)files->proof.at);
}

static bool witness_agrees(const Copy *copy, const Witness *witness, Report *report) {
    if (strcmp(copy->key.origin, witness->key.origin) != 0) {
        report_find(report, "another ledger", 0, "the witness file is of another ledger");
        snprintf(report->finding.expected, sizeof report->finding.expected, "%s",
                 witness->key.origin);
        snprintf(report->finding.found, sizeof report->finding.found, "%s", copy->key.origin);
    } else if (memcmp(copy->key.public_key, witness->key.public_key, NOTE_KEY) != 0) {
        report_find(report, "another key", 0,
                    "the copy names another public key than the witness file");
    }
    return !report->finding.name;
}

static void proof_check(const Options *options, const Files *files, const NoteKey *key,
                        const Copy *copy, Report *report) {
    Proof proof = {0};
    if (!options->proof || report->finding.name) return;
    const char *wrong = proof_read(files->proof, key, &proof);
    if (wrong) {
        report_find(report, "false proof", proof.position, "the proof doesn't hold: %s", wrong);
        return;
    }
    report->proof_position = proof.position;
    sqlite3_stmt *query =
        copy ? copy_query(copy->db, "SELECT hash FROM leaf WHERE position=?1", report) : NULL;
    Slice hash;
    if (query) sqlite3_bind_int64(query, 1, (int64_t)proof.position);
    if (query && copy_step(query, report) && copy_blob(query, 0, &hash) &&
        !slice_eq(hash, (Slice){proof.leaf.bytes, TREE_HASH}))
        report_find(report, "false proof", proof.position,
                    "the proof is of another leaf than the one at this position");
    sqlite3_finalize(query);
}

/* The copy is open, and names an origin and a key. */
static void copy_check(const Options *options, const Files *files, const Witness *witness,
                       const Copy *copy, Report *report) {
    const NoteKey *key = witness ? &witness->key : &copy->key;
    if (witness && !witness_agrees(copy, witness, report)) return;
    Keyring *ring = keyring_new();
    Attached *attached = attached_new();
    const char *wrong = files->list_there ? keyring_list(ring, files->erasures, key) : NULL;
    if (wrong) report_find(report, "malformed", 0, "the list of erasures doesn't hold: %s", wrong);
    report->list_there = files->list_there;
    if (!wrong) walk(&(WalkWhat){copy, key, witness, ring, attached}, report);
    if (!report->finding.name) keyring_judge(ring, copy, report);
    if (!report->finding.name) attached_judge(attached, options->copy, ring, report);
    attached_free(attached);
    keyring_free(ring);
    proof_check(options, files, key, copy, report);
}

/* Of a ledger that holds erasures, the list is somewhere else than was said. */
static bool list_missing(const Options *options, const Files *files, const Report *report) {
    if (!options->erasures || files->list_there || !report->statements) return false;
    fprintf(stderr,
            "machi-verify: %s isn't there, but the ledger holds erasures: name the list beside "
            "the tenant's key.\n",
            options->erasures);
    return true;
}

static int run(const Options *options, const Files *files, Report *report) {
    Witness witness = {0};
    Copy copy = {0};
    CopyRc rc = COPY_GOOD;
    const char *wrong = options->witness ? note_witness_read(files->witness, &witness) : NULL;
    if (wrong) report_find(report, "malformed", 0, "the witness file doesn't hold: %s", wrong);
    report->witness_there = options->witness != NULL;
    memcpy(report->witness_time, witness.newest, sizeof witness.newest);
    memcpy(report->origin, witness.key.origin, sizeof witness.key.origin);
    if (!wrong && !options->copy)
        proof_check(options, files, &witness.key, NULL, report);
    else if (!wrong)
        rc = copy_open(options->copy, &copy, report);
    if (!wrong && options->copy && rc == COPY_GOOD)
        copy_check(options, files, options->witness ? &witness : NULL, &copy, report);
    if (rc == COPY_UNREADABLE) fprintf(stderr, "machi-verify: %s.\n", copy.message);
    copy_close(&copy);
    note_witness_free(&witness);
    if (rc == COPY_UNREADABLE) return UNUSABLE;
    if (report->finding.name) return UNSOUND;
    return list_missing(options, files, report) ? UNUSABLE : SOUND;
}

/* machi-verify lottery FILE [CASE SALT] */
static int lottery(int argc, char **argv) {
    Slice file = {0};
    LotteryWhose whose = {argc == 5 ? argv[3] : NULL, argc == 5 ? argv[4] : NULL};
    if (argc != 3 && argc != 5) {
        fputs(usage, stderr);
        return UNUSABLE;
    }
    if (!file_read(argv[2], &file)) return UNUSABLE;
    int code = lottery_check(file, &whose, stdout) ? SOUND : UNSOUND;
    memory_drop((void *)file.at);
    return fflush(stdout) != 0 || ferror(stdout) ? UNUSABLE : code;
}

int main(int argc, char **argv) {
    Options options = {0};
    Files files = {0};
    if (argc > 1 && strcmp(argv[1], "lottery") == 0)
        return sodium_init() < 0 ? UNUSABLE : lottery(argc, argv);
    if (!options_read(argc, argv, &options)) {
        fputs(usage, stderr);
        return UNUSABLE;
    }
    if (options.help) {
        fputs(usage, stdout);
        return SOUND;
    }
    if (sodium_init() < 0) {
        fputs("machi-verify: libsodium can't be used on this machine.\n", stderr);
        return UNUSABLE;
    }
    Report report = {.path = options.copy ? options.copy : options.proof,
                     .copy_there = options.copy != NULL};
    int code = files_read(&options, &files) ? run(&options, &files, &report) : UNUSABLE;
    files_drop(&files);
    if (code != UNUSABLE) (options.json ? report_json : report_text)(&report, stdout);
    if (fflush(stdout) != 0 || ferror(stdout)) code = UNUSABLE;
    return code;
}
