/* sql: every statement that is prepared once per connection. */
#ifndef STORE_SQLITE_SQL_H
#define STORE_SQLITE_SQL_H

#define SQL_TABLE(SQL)                                                                             \
    SQL(BEGIN, "BEGIN")                                                                            \
    SQL(BEGIN_WRITE, "BEGIN IMMEDIATE")                                                            \
    SQL(COMMIT, "COMMIT")                                                                          \
    SQL(META_GET, "SELECT value FROM meta WHERE name=?")                                           \
    SQL(META_SET, "INSERT INTO meta VALUES(?,?) ON CONFLICT DO UPDATE SET value=excluded.value")   \
    SQL(META_ADD, "INSERT INTO meta VALUES(?1,?2) "                                                \
                  "ON CONFLICT DO UPDATE SET value=value+excluded.value")                          \
    /* the ledger */                                                                               \
    SQL(LEAF_ADD, "INSERT INTO leaf(position,command,time,hash,bytes) VALUES(?,?,?,?,?)")          \
    SQL(LEAF_HEAD, "SELECT max(position) FROM leaf")                                               \
    SQL(LEAF_AT, "SELECT position,command,time,hash,bytes FROM leaf WHERE position=?")             \
    SQL(LEAF_OF, "SELECT position,command,time,hash,bytes FROM leaf WHERE command=?")              \
    SQL(LEAF_FROM, "SELECT position,command,time,hash,bytes FROM leaf "                            \
                   "WHERE position>=? ORDER BY position LIMIT ?")                                  \
    SQL(LEAF_HASHES, "SELECT hash FROM leaf WHERE position>=? ORDER BY position LIMIT ?")          \
    SQL(KEY_ADD, "INSERT INTO key(id,subject,retention,position,erased,wrapped) "                  \
                 "VALUES(?,?,?,?,0,?)")                                                            \
    SQL(KEY_GET, "SELECT id,subject,retention,position,erased,wrapped FROM key WHERE id=?")        \
    SQL(KEY_LIVING, "SELECT id,subject,retention,position,erased,wrapped FROM key "                \
                    "WHERE subject=? AND retention=? AND erased=0 ORDER BY number DESC LIMIT 1")   \
    SQL(KEY_EACH, "SELECT id,subject,retention,position,erased,wrapped FROM key")                  \
    SQL(KEY_EACH_S, "SELECT id,subject,retention,position,erased,wrapped FROM key "                \
                    "WHERE subject=?1")                                                            \
    SQL(KEY_EACH_R, "SELECT id,subject,retention,position,erased,wrapped FROM key "                \
                    "WHERE retention=?2")                                                          \
    SQL(KEY_EACH_SR, "SELECT id,subject,retention,position,erased,wrapped FROM key "               \
                     "WHERE subject=?1 AND retention=?2")                                          \
    SQL(KEY_NUMBER, "SELECT number,erased FROM key WHERE id=?")                                    \
    SQL(KEY_NUMBERS_S, "SELECT number FROM key WHERE subject=?1 AND erased=0")                     \
    SQL(KEY_NUMBERS_R, "SELECT number FROM key WHERE retention=?2 AND erased=0")                   \
    SQL(KEY_NUMBERS_SR, "SELECT number FROM key WHERE subject=?1 AND retention=?2 AND erased=0")   \
    SQL(KEY_ERASED, "UPDATE key SET erased=1 WHERE number=?")                                      \
    SQL(TILE_SET, "INSERT INTO tile VALUES(?,?,?) ON CONFLICT DO UPDATE SET bytes=excluded.bytes") \
    SQL(TILE_GET, "SELECT bytes FROM tile WHERE level=? AND number=?")                             \
    SQL(CHECKPOINT_SET, "INSERT INTO checkpoint VALUES(?,?) "                                      \
                        "ON CONFLICT DO UPDATE SET note=excluded.note")                            \
    SQL(CHECKPOINT_GET, "SELECT size,note FROM checkpoint WHERE size<=? "                          \
                        "ORDER BY size DESC LIMIT 1")                                              \
    /* items and cursors */                                                                        \
    SQL(SPACE_GET, "SELECT number FROM space WHERE name=?")                                        \
    SQL(SPACE_ADD, "INSERT INTO space(name) VALUES(?)")                                            \
    SQL(ITEM_SET, "INSERT INTO item VALUES(?,?,?,?) ON CONFLICT DO UPDATE "                        \
                  "SET value=excluded.value,expires=excluded.expires")                             \
    SQL(ITEM_DELETE, "DELETE FROM item WHERE space=? AND key=?")                                   \
    SQL(ITEM_DELETE_RANGE, "DELETE FROM item WHERE space=?1 AND key>=?2 AND key<?3")               \
    SQL(ITEM_DELETE_REST, "DELETE FROM item WHERE space=?1 AND key>=?2")                           \
    SQL(ITEM_GET, "SELECT value,expires FROM item WHERE space=? AND key=?")                        \
    SQL(ITEM_RANGE, "SELECT key,value,expires FROM item WHERE space=?1 AND key>=?2 AND key<?3 "    \
                    "AND (expires IS NULL OR expires>?4) ORDER BY key LIMIT ?5")                   \
    SQL(ITEM_REST, "SELECT key,value,expires FROM item WHERE space=?1 AND key>=?2 "                \
                   "AND (expires IS NULL OR expires>?4) ORDER BY key LIMIT ?5")                    \
    SQL(ITEM_RANGE_BACK, "SELECT key,value,expires FROM item WHERE space=?1 AND key>=?2 "          \
                         "AND key<?3 AND (expires IS NULL OR expires>?4) "                         \
                         "ORDER BY key DESC LIMIT ?5")                                             \
    SQL(ITEM_REST_BACK, "SELECT key,value,expires FROM item WHERE space=?1 AND key>=?2 "           \
                        "AND (expires IS NULL OR expires>?4) ORDER BY key DESC LIMIT ?5")          \
    SQL(ITEM_COUNT_RANGE, "SELECT count(*) FROM item WHERE space=?1 AND key>=?2 AND key<?3")       \
    SQL(ITEM_COUNT_REST, "SELECT count(*) FROM item WHERE space=?1 AND key>=?2")                   \
    SQL(ITEM_PURGE, "DELETE FROM item WHERE (space,key) IN "                                       \
                    "(SELECT space,key FROM item WHERE expires<=? LIMIT ?)")                       \
    SQL(CURSOR_GET, "SELECT position,leaf,version FROM cursor WHERE name=?")                       \
    SQL(CURSOR_SET, "INSERT OR REPLACE INTO cursor VALUES(?,?,?,?)")                               \
    SQL(CURSOR_DELETE, "DELETE FROM cursor WHERE name=?")                                          \
    /* entities */                                                                                 \
    SQL(ENTITY_GET, "SELECT id,position,body FROM entity WHERE id=? AND body IS NOT NULL")         \
    SQL(ENTITY_OLD, "SELECT number,position,types,marks,text,body IS NULL FROM entity WHERE id=?") \
    SQL(ENTITY_ADD, "INSERT INTO entity(number,position,types,marks,text,body,id) "                \
                    "VALUES(?,?,?,?,?,?,?)")                                                       \
    SQL(ENTITY_SET, "UPDATE entity SET position=?2,types=?3,marks=?4,text=?5,body=?6 "             \
                    "WHERE number=?1")                                                             \
    SQL(ENTITY_BODY, "UPDATE entity SET position=?2,body=?3 "                                      \
                     "WHERE number=?1 AND position<=?2 AND body IS NOT NULL")                      \
    SQL(ENTITY_NUMBER, "SELECT number FROM entity WHERE id=?")                                     \
    SQL(ENTITY_LAST, "SELECT max(number) FROM entity")                                             \
    SQL(ENTITY_DEAD, "SELECT number FROM entity WHERE body IS NULL AND position<=? LIMIT ?")       \
    SQL(ENTITY_DELETE, "DELETE FROM entity WHERE number=?")                                        \
    SQL(ENTITY_BRIEF, "SELECT id,types,text FROM entity WHERE number=? AND body IS NOT NULL")      \
    SQL(ENTITY_AT, "SELECT id,position,types,text,body FROM entity WHERE number=?")                \
    SQL(ENTITY_AT_ID, "SELECT id,position,types,text,body FROM entity "                            \
                      "WHERE id=? AND body IS NOT NULL")                                           \
    SQL(ENTITY_FROM, "SELECT id,position,types,text,body FROM entity "                             \
                     "WHERE id>? AND body IS NOT NULL ORDER BY id")                                \
    SQL(ENTITY_STORED, "SELECT id,position,body,number FROM entity "                               \
                       "WHERE number>? AND body IS NOT NULL ORDER BY number")                      \
    SQL(TYPE_GET, "SELECT number FROM type WHERE iri=?")                                           \
    SQL(TYPE_ADD, "INSERT INTO type(iri,count) VALUES(?,0)")                                       \
    SQL(TYPE_COUNT, "UPDATE type SET count=count+?2 WHERE number=?1")                              \
    SQL(TYPE_COUNT_GET, "SELECT count FROM type WHERE number=?")                                   \
    SQL(TYPE_EACH, "SELECT iri,count FROM type WHERE count>0 ORDER BY iri")                        \
    SQL(KIND_ADD, "INSERT INTO kind VALUES(?,?,?)")                                                \
    SQL(KIND_DELETE, "DELETE FROM kind WHERE type=? AND id=?")                                     \
    SQL(KIND_WALK, "SELECT e.id,e.position,e.types,e.text,e.body FROM kind k "                     \
                   "CROSS JOIN entity e ON e.number=k.entity WHERE k.type=? AND k.id>? "           \
                   "ORDER BY k.id")                                                                \
    SQL(KIND_FROM, "SELECT id,entity FROM kind WHERE type=? AND id>? ORDER BY id")                 \
    SQL(ATTR_EACH, "SELECT iri,number,ready FROM attr ORDER BY iri")                               \
    SQL(ATTR_GET, "SELECT number FROM attr WHERE iri=?")                                           \
    SQL(ATTR_READY_NUMBER, "SELECT number FROM attr WHERE iri=? AND ready=1")                      \
    SQL(ATTR_ADD, "INSERT INTO attr(iri,ready) VALUES(?,0)")                                       \
    SQL(ATTR_READY, "UPDATE attr SET ready=1 WHERE number=?")                                      \
    SQL(ATTR_DELETE, "DELETE FROM attr WHERE number=?")                                            \
    SQL(BOXED_GET, "SELECT number FROM boxed WHERE iri=?")                                         \
    SQL(BOXED_ADD, "INSERT INTO boxed(iri) VALUES(?)")                                             \
    SQL(VALUE_ADD, "INSERT INTO value VALUES(?,?,?)")                                              \
    SQL(VALUE_DELETE, "DELETE FROM value WHERE attr=? AND value=? AND entity=?")                   \
    SQL(VALUE_DELETE_ATTR, "DELETE FROM value WHERE attr=?")                                       \
    SQL(VALUE_COUNT, "SELECT count(*) FROM (SELECT 1 FROM value "                                  \
                     "WHERE attr=? AND value>=? AND value<? LIMIT ?)")                             \
    SQL(VALUE_RANGE, "SELECT entity FROM value WHERE attr=? AND value>=? AND value<?")             \
    SQL(BOX_ADD, "INSERT INTO box(west,east,south,north,entity,attr) VALUES(?,?,?,?,?,?)")         \
    SQL(BOX_DELETE, "DELETE FROM box WHERE number=?")                                              \
    SQL(BOX_COUNT, "SELECT count(*) FROM (SELECT 1 FROM box WHERE east>=?1 AND west<=?2 "          \
                   "AND north>=?3 AND south<=?4 AND attr=?5 LIMIT ?6)")                            \
    SQL(BOX_RANGE, "SELECT entity FROM box WHERE east>=?1 AND west<=?2 "                           \
                   "AND north>=?3 AND south<=?4 AND attr=?5")                                      \
    SQL(GRAM_ADD, "INSERT INTO gram(rowid,tokens) VALUES(?,?)")                                    \
    SQL(GRAM_DELETE, "INSERT INTO gram(gram,rowid,tokens) VALUES('delete',?,?)")                   \
    SQL(GRAM_COUNT, "SELECT count(*) FROM (SELECT 1 FROM gram WHERE gram MATCH ? LIMIT ?)")        \
    SQL(GRAM_RANGE, "SELECT rowid FROM gram WHERE gram MATCH ?")

#define SQL_ID(name, text) SQL_##name,
typedef enum SqlId { SQL_TABLE(SQL_ID) SQL_COUNT } SqlId;
#undef SQL_ID

#endif
