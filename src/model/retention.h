/* retention: how a retention file (簿冊) is named: a text of retention and the fiscal year in which
   its matters began. The name is the label of the file's keys, too. */
#ifndef MODEL_RETENTION_H
#define MODEL_RETENTION_H

#include "dictionary.h"

/* "保存5年/住民異動届" and 2026 are "保存5年/住民異動届/2026". The year 0 stands for what was kept
   before there were files: no key has that label. */
Str retention_label(Arena *arena, Str retention, int fiscal_year);
bool retention_label_read(Str label, Str *retention, int *fiscal_year);

/* A new record whose type has `filed` names its file by this: that of the fiscal year of the
   instant, under the text `retention`, or its type's where that is empty. Types without it, and a
   dictionary that is NULL, change nothing; nor does a record that names its file already. */
void retention_name(Arena *arena, const Dictionary *dictionary, Entity *entity, Str retention,
                    int64_t at);

#endif
