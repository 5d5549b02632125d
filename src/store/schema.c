/*
 * Schemas, step by step. A step that was released is never changed: what is wrong with it is mended by the next one.
 *
 * snapshot   what an observation saw (a document as observation.h writes it), kept once however often it is seen
 * observation  at this time the domain looked like this snapshot
 * result     the whole result of a check, packed; with base_id the result of that observation is the dictionary
 * body       policy bodies by digest
 * item, change  derived from the observations by check/timeline.h, made anew when domain.fold is not its version
 * watch      a domain that the monitor looks at; written by monitor/watch.c
 * incident, event, cause, spot  what is wrong with watched domains, and whose fault it is; written by monitor/alerts.c
 * outbox     messages on their way; written by monitor/outbox.c
 * scan, scan_block, scan_result  lists of names that machines work through together, and what they found; written by scan/list.c
 */
#include "store/store.h"

static const char sqlite_1[] =
	"CREATE TABLE domain ("
	" id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, fold "
	"INTEGER NOT NULL"
	") STRICT;"
	"CREATE TABLE body ("
	" sha256 TEXT NOT NULL PRIMARY KEY CHECK (length(sha256) = 64), octets BLOB NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE snapshot ("
	" id INTEGER PRIMARY KEY, domain_id INTEGER NOT NULL REFERENCES domain ON DELETE CASCADE, digest TEXT NOT NULL,"
	" verdict TEXT NOT NULL, status TEXT NOT NULL, policy TEXT REFERENCES body, doc TEXT NOT NULL,"
	" UNIQUE (domain_id, digest)"
	") STRICT;"
	"CREATE INDEX snapshot_policy ON snapshot (policy) WHERE policy IS NOT NULL;"
	"CREATE TABLE observation ("
	" id INTEGER PRIMARY KEY, domain_id INTEGER NOT NULL REFERENCES domain ON DELETE CASCADE, seen_at INTEGER NOT "
	"NULL,"
	" snapshot_id INTEGER NOT NULL REFERENCES snapshot ON DELETE CASCADE, ttl_s INTEGER, duration_ms INTEGER NOT "
	"NULL,"
	" UNIQUE (domain_id, seen_at, snapshot_id)"
	") STRICT;"
	"CREATE INDEX observation_snapshot ON observation (snapshot_id);"
	"CREATE TABLE result ("
	" observation_id INTEGER PRIMARY KEY REFERENCES observation ON DELETE CASCADE, octets BLOB NOT NULL"
	") STRICT;"
	"CREATE TABLE item ("
	" domain_id INTEGER NOT NULL REFERENCES domain ON DELETE CASCADE, kind INTEGER NOT NULL, key TEXT NOT NULL, "
	"value TEXT NOT NULL,"
	" since_at INTEGER NOT NULL, last_at INTEGER NOT NULL, PRIMARY KEY (domain_id, kind, key)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX item_last ON item (domain_id, last_at);"
	"CREATE TABLE change ("
	" id INTEGER PRIMARY KEY, domain_id INTEGER NOT NULL REFERENCES domain ON DELETE CASCADE, seen_at INTEGER NOT "
	"NULL,"
	" before_at INTEGER NOT NULL, kind INTEGER NOT NULL, key TEXT NOT NULL, old_value TEXT, new_value TEXT NOT NULL"
	") STRICT;"
	"CREATE INDEX change_order ON change (domain_id, seen_at, id);";

/* Results that resemble the one before are packed against it; domains remember when they were last thinned out. */
static const char sqlite_2[] = "ALTER TABLE result ADD COLUMN base_id INTEGER REFERENCES result (observation_id);"
			       "CREATE INDEX result_base ON result (base_id) WHERE base_id IS NOT NULL;"
			       "ALTER TABLE domain ADD COLUMN pruned_at INTEGER NOT NULL DEFAULT 0;"
			       "CREATE INDEX domain_pruned ON domain (pruned_at);";

/* Watched domains. tags is ",a,b," or ","; interval_s 0 is the daemon's; turn counts finished looks, and guards against
 * a look that ends after its lease did; times are 0 where there is none. */
static const char sqlite_3[] =
	"CREATE TABLE watch ("
	" id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, tags TEXT NOT NULL, interval_s INTEGER NOT NULL,"
	" added_at INTEGER NOT NULL, due_at INTEGER NOT NULL, leased_until INTEGER NOT NULL DEFAULT 0, leased_by TEXT,"
	" look INTEGER NOT NULL DEFAULT 0, turn INTEGER NOT NULL DEFAULT 0, checked_at INTEGER NOT NULL DEFAULT 0,"
	" verdict TEXT, status TEXT, cert_expires_at INTEGER NOT NULL DEFAULT 0, doc TEXT"
	") STRICT;"
	"CREATE INDEX watch_due ON watch (due_at);";

/* Alerts. severity and kind are numbers of finding.h and routes.h, state one of incident.h or outbox.h; next_* are what
 * one look saw so far and the next must confirm (-1 or "": nothing); times are 0 where there is none. */
static const char sqlite_4[] =
	"CREATE TABLE incident ("
	" id INTEGER PRIMARY KEY, watch_id INTEGER NOT NULL REFERENCES watch ON DELETE CASCADE,"
	" code TEXT NOT NULL, place TEXT NOT NULL, state INTEGER NOT NULL, severity INTEGER NOT NULL, next_severity "
	"INTEGER NOT NULL, told_severity INTEGER NOT NULL,"
	" cause TEXT NOT NULL, next_cause TEXT NOT NULL, first_at INTEGER NOT NULL, counted_at INTEGER NOT NULL, "
	"seen_at INTEGER NOT NULL,"
	" doc TEXT NOT NULL, UNIQUE (watch_id, code, place)"
	") STRICT;"
	"CREATE INDEX incident_cause ON incident (cause);"
	"CREATE TABLE event ("
	" id INTEGER PRIMARY KEY, watch_id INTEGER NOT NULL REFERENCES watch ON DELETE CASCADE,"
	" domain TEXT NOT NULL, tags TEXT NOT NULL, cause TEXT NOT NULL, kind INTEGER NOT NULL, severity INTEGER NOT "
	"NULL,"
	" at INTEGER NOT NULL, gather_at INTEGER NOT NULL, called INTEGER NOT NULL DEFAULT 0, doc TEXT NOT NULL"
	") STRICT;"
	"CREATE INDEX event_gather ON event (gather_at);"
	"CREATE INDEX event_cause ON event (cause);"
	"CREATE INDEX event_watch ON event (watch_id);"
	"CREATE TABLE cause ("
	" key TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, opened_at INTEGER NOT NULL, told_at INTEGER NOT NULL, "
	"remind_at INTEGER NOT NULL,"
	" reminders INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX cause_remind ON cause (remind_at);"
	"CREATE TABLE spot ("
	" watch_id INTEGER NOT NULL REFERENCES watch ON DELETE CASCADE, key TEXT NOT NULL, PRIMARY KEY (watch_id, key)"
	") STRICT;"
	"CREATE INDEX spot_key ON spot (key);"
	"CREATE TABLE outbox ("
	" id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, thread TEXT NOT NULL, route TEXT NOT NULL, kind INTEGER "
	"NOT NULL, severity INTEGER NOT NULL,"
	" state INTEGER NOT NULL, made_at INTEGER NOT NULL, due_at INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0,"
	" leased_until INTEGER NOT NULL DEFAULT 0, leased_by TEXT, ended_at INTEGER NOT NULL DEFAULT 0, why TEXT, doc "
	"TEXT NOT NULL"
	") STRICT;"
	"CREATE INDEX outbox_due ON outbox (state, due_at);"
	"CREATE INDEX outbox_route ON outbox (route, state, thread);";

/* Lists of names. A block holds some hundred names, LF between them; state 0 is open, 1 done. leased_until is 0 where nobody is at it. */
static const char sqlite_5[] =
	"CREATE TABLE scan ("
	" id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, head TEXT NOT NULL, made_at INTEGER NOT NULL, loaded INTEGER NOT NULL"
	") STRICT;"
	"CREATE TABLE scan_block ("
	" scan_id INTEGER NOT NULL REFERENCES scan ON DELETE CASCADE, first INTEGER NOT NULL, names TEXT NOT NULL,"
	" state INTEGER NOT NULL DEFAULT 0, leased_until INTEGER NOT NULL DEFAULT 0, leased_by TEXT, PRIMARY KEY (scan_id, first)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX scan_block_open ON scan_block (scan_id, leased_until) WHERE state = 0;"
	"CREATE TABLE scan_result ("
	" scan_id INTEGER NOT NULL REFERENCES scan ON DELETE CASCADE, seq INTEGER NOT NULL, domain TEXT NOT NULL, verdict TEXT NOT "
	"NULL,"
	" checked_at INTEGER NOT NULL, doc TEXT, PRIMARY KEY (scan_id, seq)"
	") STRICT, WITHOUT ROWID;";

static const char pg_5[] =
	"CREATE TABLE scan ("
	" id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT NOT NULL UNIQUE, head TEXT NOT NULL, made_at BIGINT NOT NULL,"
	" loaded BIGINT NOT NULL);"
	"CREATE TABLE scan_block ("
	" scan_id BIGINT NOT NULL REFERENCES scan ON DELETE CASCADE, first BIGINT NOT NULL, names TEXT NOT NULL,"
	" state BIGINT NOT NULL DEFAULT 0, leased_until BIGINT NOT NULL DEFAULT 0, leased_by TEXT, PRIMARY KEY (scan_id, first));"
	"CREATE INDEX scan_block_open ON scan_block (scan_id, leased_until) WHERE state = 0;"
	"CREATE TABLE scan_result ("
	" scan_id BIGINT NOT NULL REFERENCES scan ON DELETE CASCADE, seq BIGINT NOT NULL, domain TEXT NOT NULL, verdict TEXT NOT NULL,"
	" checked_at BIGINT NOT NULL, doc TEXT, PRIMARY KEY (scan_id, seq));";

static const char pg_1[] =
	"CREATE TABLE domain ("
	" id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT NOT NULL UNIQUE, first_at BIGINT NOT NULL, "
	"last_at BIGINT NOT NULL,"
	" fold BIGINT NOT NULL);"
	"CREATE TABLE body (sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64), octets BYTEA NOT NULL);"
	"CREATE TABLE snapshot ("
	" id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, domain_id BIGINT NOT NULL REFERENCES domain ON DELETE "
	"CASCADE,"
	" digest TEXT NOT NULL, verdict TEXT NOT NULL, status TEXT NOT NULL, policy TEXT REFERENCES body, doc TEXT NOT "
	"NULL,"
	" UNIQUE (domain_id, digest));"
	"CREATE INDEX snapshot_policy ON snapshot (policy) WHERE policy IS NOT NULL;"
	"CREATE TABLE observation ("
	" id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, domain_id BIGINT NOT NULL REFERENCES domain ON DELETE "
	"CASCADE,"
	" seen_at BIGINT NOT NULL, snapshot_id BIGINT NOT NULL REFERENCES snapshot ON DELETE CASCADE, ttl_s BIGINT,"
	" duration_ms BIGINT NOT NULL, UNIQUE (domain_id, seen_at, snapshot_id));"
	"CREATE INDEX observation_snapshot ON observation (snapshot_id);"
	"CREATE TABLE result ("
	" observation_id BIGINT PRIMARY KEY REFERENCES observation ON DELETE CASCADE, octets BYTEA NOT NULL);"
	"CREATE TABLE item ("
	" domain_id BIGINT NOT NULL REFERENCES domain ON DELETE CASCADE, kind BIGINT NOT NULL, key TEXT NOT NULL, "
	"value TEXT NOT NULL,"
	" since_at BIGINT NOT NULL, last_at BIGINT NOT NULL, PRIMARY KEY (domain_id, kind, key));"
	"CREATE INDEX item_last ON item (domain_id, last_at);"
	"CREATE TABLE change ("
	" id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, domain_id BIGINT NOT NULL REFERENCES domain ON DELETE "
	"CASCADE,"
	" seen_at BIGINT NOT NULL, before_at BIGINT NOT NULL, kind BIGINT NOT NULL, key TEXT NOT NULL, old_value TEXT,"
	" new_value TEXT NOT NULL);"
	"CREATE INDEX change_order ON change (domain_id, seen_at, id);";

static const char pg_2[] = "ALTER TABLE result ADD COLUMN base_id BIGINT REFERENCES result (observation_id);"
			   "CREATE INDEX result_base ON result (base_id) WHERE base_id IS NOT NULL;"
			   "ALTER TABLE domain ADD COLUMN pruned_at BIGINT NOT NULL DEFAULT 0;"
			   "CREATE INDEX domain_pruned ON domain (pruned_at);";

static const char pg_3[] =
	"CREATE TABLE watch ("
	" id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT NOT NULL UNIQUE, tags TEXT NOT NULL,"
	" interval_s BIGINT NOT NULL, added_at BIGINT NOT NULL, due_at BIGINT NOT NULL,"
	" leased_until BIGINT NOT NULL DEFAULT 0, leased_by TEXT, look BIGINT NOT NULL DEFAULT 0,"
	" turn BIGINT NOT NULL DEFAULT 0, checked_at BIGINT NOT NULL DEFAULT 0, verdict TEXT, status TEXT,"
	" cert_expires_at BIGINT NOT NULL DEFAULT 0, doc TEXT);"
	"CREATE INDEX watch_due ON watch (due_at);";

static const char pg_4[] =
	"CREATE TABLE incident ("
	" id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, watch_id BIGINT NOT NULL REFERENCES watch ON DELETE "
	"CASCADE,"
	" code TEXT NOT NULL, place TEXT NOT NULL, state BIGINT NOT NULL, severity BIGINT NOT NULL, next_severity "
	"BIGINT NOT NULL, told_severity BIGINT NOT NULL,"
	" cause TEXT NOT NULL, next_cause TEXT NOT NULL, first_at BIGINT NOT NULL, counted_at BIGINT NOT NULL, seen_at "
	"BIGINT NOT NULL,"
	" doc TEXT NOT NULL, UNIQUE (watch_id, code, place)"
	");"
	"CREATE INDEX incident_cause ON incident (cause);"
	"CREATE TABLE event ("
	" id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, watch_id BIGINT NOT NULL REFERENCES watch ON DELETE "
	"CASCADE,"
	" domain TEXT NOT NULL, tags TEXT NOT NULL, cause TEXT NOT NULL, kind BIGINT NOT NULL, severity BIGINT NOT "
	"NULL,"
	" at BIGINT NOT NULL, gather_at BIGINT NOT NULL, called BIGINT NOT NULL DEFAULT 0, doc TEXT NOT NULL"
	");"
	"CREATE INDEX event_gather ON event (gather_at);"
	"CREATE INDEX event_cause ON event (cause);"
	"CREATE INDEX event_watch ON event (watch_id);"
	"CREATE TABLE cause ("
	" key TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, opened_at BIGINT NOT NULL, told_at BIGINT NOT NULL, "
	"remind_at BIGINT NOT NULL,"
	" reminders BIGINT NOT NULL"
	");"
	"CREATE INDEX cause_remind ON cause (remind_at);"
	"CREATE TABLE spot ("
	" watch_id BIGINT NOT NULL REFERENCES watch ON DELETE CASCADE, key TEXT NOT NULL, PRIMARY KEY (watch_id, key)"
	");"
	"CREATE INDEX spot_key ON spot (key);"
	"CREATE TABLE outbox ("
	" id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT NOT NULL UNIQUE, thread TEXT NOT NULL, route "
	"TEXT NOT NULL, kind BIGINT NOT NULL, severity BIGINT NOT NULL,"
	" state BIGINT NOT NULL, made_at BIGINT NOT NULL, due_at BIGINT NOT NULL, tries BIGINT NOT NULL DEFAULT 0,"
	" leased_until BIGINT NOT NULL DEFAULT 0, leased_by TEXT, ended_at BIGINT NOT NULL DEFAULT 0, why TEXT, doc "
	"TEXT NOT NULL"
	");"
	"CREATE INDEX outbox_due ON outbox (state, due_at);"
	"CREATE INDEX outbox_route ON outbox (route, state, thread);";

const char *const sts_sqlite_migrations[] = {sqlite_1, sqlite_2, sqlite_3, sqlite_4, sqlite_5, NULL};
const char *const sts_pg_migrations[] = {pg_1, pg_2, pg_3, pg_4, pg_5, NULL};
