/* text: Japanese as people type it, folded to what they mean (ICU). */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "arena.h"
#include "str.h"

/* NFKC: full-width Latin and half-width kana become ordinary ones; all of Unicode stays, CJK
 * compatibility ideographs too, which NFKC would fold (神 of U+FA19 into 神). What is invisible and
 * comes with pasting goes: U+00AD, U+200B, U+2060, U+FEFF. s is UTF-8. */
Str text_nfkc(Arena *arena, Str s);
/* Nothing but blanks, those of full width (U+3000) among them. */
bool text_is_blank(Arena *arena, Str s);
/* For search and comparison: NFKC, case folded, hiragana for katakana, all dashes and long vowel
 * marks alike, blanks single. */
Str text_fold(Arena *arena, Str s);
/* A code of rand_id as it was typed, of its first 100 bytes: in whatever width and case, with or
   without blanks and dashes, and with the letters that rand_id leaves out read as the digits that
   they look like. */
Str text_code(Arena *arena, Str typed);
/* For フリガナ: as text_nfkc, katakana for hiragana, ー for every dash; ・, ゠ and blanks stay. */
Str text_katakana(Arena *arena, Str s);
/* True when the text is kana, ー, ・, ゠ and blanks only. */
bool text_is_kana(Str s);
/* True when a character in it cannot be seen: a control or format character, among them those that
 * turn the direction of what follows (U+202A to U+202E, U+2066 to U+2069), by which one name is
 * read as another. */
bool text_has_control(Str s);
/* CP932 (Shift_JIS as Windows writes it) to UTF-8; false when a byte sequence is not CP932. */
bool text_from_cp932(Arena *arena, Str bytes, Str *out);
/* Runs of the folded text, two code points each ("ごみ", "みば"), for an index; a single code point
 * alone when there is no more. */
size_t text_bigrams(Arena *arena, Str folded, Str **out);

#endif
