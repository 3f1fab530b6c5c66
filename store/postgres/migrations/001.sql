-- The schema of 0.2.0. Released steps are never edited: what comes later is a file of its own.
--
-- Texts compare as bytes ("C"), like everywhere else in the program: ids sort by time, and pages resume below an id. JSON
-- is text, because it must read back as it was written (RULES A5), which jsonb does not promise. What a provider names is
-- long and comes in no order, so it is found by a hash of its key: a small index, and few pages touched.
--
-- What grows with time is partitioned by it, by the month (`partitions.ts`): ids hold the time of their making, so
-- ranges of ids are ranges of time. What is written again and again has room on its pages for the next version.

CREATE TABLE workspaces (
  "id" text COLLATE "C",
  "name" text COLLATE "C",
  "head" bigint,
  "created_at" bigint,
  "trimmed" bigint NOT NULL DEFAULT 0,
  -- Of the rows that nodes keep in memory (`cache.ts`).
  version bigint NOT NULL DEFAULT 0,
  PRIMARY KEY ("id")
) WITH (fillfactor = 20);

CREATE TABLE tokens (
  "hash" text COLLATE "C",
  "id" text COLLATE "C",
  "workspace" text COLLATE "C",
  "role" text COLLATE "C",
  "name" text COLLATE "C",
  "created_at" bigint,
  PRIMARY KEY ("hash")
);

CREATE TABLE channels (
  "workspace" text COLLATE "C",
  "id" text COLLATE "C",
  "connector" text COLLATE "C",
  "name" text COLLATE "C",
  "status" text COLLATE "C",
  "config" text COLLATE "C",
  "provider_key" text COLLATE "C",
  "sender_group" text COLLATE "C",
  "health" text COLLATE "C",
  "created_at" bigint,
  "updated_at" bigint,
  "deleted_at" bigint,
  PRIMARY KEY ("workspace", "id")
);

CREATE TABLE channel_keys (
  "workspace" text COLLATE "C",
  "connector" text COLLATE "C",
  "provider_key" text COLLATE "C",
  "channel" text COLLATE "C",
  PRIMARY KEY ("workspace", "connector", "provider_key")
);

CREATE TABLE contacts (
  "workspace" text COLLATE "C",
  "id" text COLLATE "C",
  "kind" text COLLATE "C",
  "name" text COLLATE "C",
  "addresses" text COLLATE "C",
  "source" text COLLATE "C",
  "merged_into" text COLLATE "C",
  "conversations" bigint,
  "last_channel" text COLLATE "C",
  "reach" text COLLATE "C",
  "created_at" bigint,
  "updated_at" bigint,
  PRIMARY KEY ("workspace", "id")
) WITH (fillfactor = 80);

CREATE TABLE addresses (
  "workspace" text COLLATE "C",
  "kind" text COLLATE "C",
  "value" text COLLATE "C",
  "contact" text COLLATE "C",
  "created_at" bigint,
  PRIMARY KEY ("workspace", "kind", "value")
);

CREATE TABLE open_conversations (
  "workspace" text COLLATE "C",
  "contact" text COLLATE "C",
  "thread" text COLLATE "C",
  "conversation" text COLLATE "C",
  "last_channel" text COLLATE "C",
  PRIMARY KEY ("workspace", "contact", "thread")
) WITH (fillfactor = 80);

CREATE TABLE conversations (
  "workspace" text COLLATE "C",
  "id" text COLLATE "C",
  "contact" text COLLATE "C",
  "thread" text COLLATE "C",
  "channel" text COLLATE "C",
  "status" text COLLATE "C",
  "source" text COLLATE "C",
  "contact_type" text COLLATE "C",
  "context" text COLLATE "C",
  "opened_at" bigint,
  "closed_at" bigint,
  "closed_by" text COLLATE "C",
  "note" text COLLATE "C",
  "version" bigint,
  PRIMARY KEY ("workspace", "id")
);

CREATE TABLE messages (
  "workspace" text COLLATE "C",
  "id" text COLLATE "C",
  "channel" text COLLATE "C",
  "connector" text COLLATE "C",
  "contact" text COLLATE "C",
  "conversation" text COLLATE "C",
  "direction" text COLLATE "C",
  "source_kind" text COLLATE "C",
  "source_id" text COLLATE "C",
  "address_kind" text COLLATE "C",
  "address_value" text COLLATE "C",
  "reply_to" text COLLATE "C",
  "reaction_to" text COLLATE "C",
  "category" text COLLATE "C",
  "expires_at" bigint,
  "retry_of" text COLLATE "C",
  "broadcast" text COLLATE "C",
  "provider_time" bigint,
  "created_at" bigint,
  "status" text COLLATE "C",
  "pieces" text COLLATE "C",
  "provider_ids" text COLLATE "C",
  "attempts" bigint,
  "queued" smallint,
  "uncertain" smallint,
  PRIMARY KEY ("workspace", "id")
) PARTITION BY RANGE ("id");
CREATE TABLE messages_rest PARTITION OF messages DEFAULT;

CREATE TABLE contents (
  "workspace" text COLLATE "C",
  "message" text COLLATE "C",
  "content" text COLLATE "C",
  PRIMARY KEY ("workspace", "message")
) PARTITION BY RANGE ("message");
CREATE TABLE contents_rest PARTITION OF contents DEFAULT;

CREATE TABLE provider_ids (
  "workspace" text COLLATE "C",
  "channel" text COLLATE "C",
  "provider_id" text COLLATE "C",
  "message" text COLLATE "C",
  "part" bigint,
  "segment" bigint,
  "attempt" bigint,
  key_hash bigint NOT NULL
);

CREATE TABLE history (
  "workspace" text COLLATE "C",
  "message" text COLLATE "C",
  "entry" text COLLATE "C",
  "at" bigint,
  "kind" text COLLATE "C",
  "part" bigint,
  "attempt" bigint,
  "status" text COLLATE "C",
  "raw" text COLLATE "C",
  "detail" text COLLATE "C",
  PRIMARY KEY ("workspace", "message", "entry")
) PARTITION BY RANGE ("message");
CREATE TABLE history_rest PARTITION OF history DEFAULT;

CREATE TABLE queue (
  "workspace" text COLLATE "C",
  "message" text COLLATE "C",
  "state" text COLLATE "C",
  "sender_group" text COLLATE "C",
  "channel" text COLLATE "C",
  "lane" text COLLATE "C",
  "position" bigint,
  "ready_at" bigint,
  "expires_at" bigint,
  "fence" bigint,
  "part" bigint,
  "last_part" bigint,
  "parts" bigint,
  "attempts" bigint,
  "part_attempts" bigint,
  "queued" smallint,
  "attempted_at" bigint,
  "resolve_at" bigint,
  "resends" bigint,
  PRIMARY KEY ("workspace", "message")
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE leases (
  "sender_group" text COLLATE "C",
  "holder" text COLLATE "C",
  "fence" bigint,
  "ends_at" bigint,
  PRIMARY KEY ("sender_group")
) WITH (fillfactor = 20);

CREATE TABLE seen (
  "workspace" text COLLATE "C",
  "channel" text COLLATE "C",
  "key" text COLLATE "C",
  "message" text COLLATE "C",
  "at" bigint,
  key_hash bigint NOT NULL
) PARTITION BY RANGE ("at");
CREATE TABLE seen_rest PARTITION OF seen DEFAULT;

CREATE TABLE parked (
  "workspace" text COLLATE "C",
  "channel" text COLLATE "C",
  "of" text COLLATE "C",
  "receipts" text COLLATE "C",
  "at" bigint,
  PRIMARY KEY ("workspace", "channel", "of")
);

CREATE TABLE watermarks (
  "workspace" text COLLATE "C",
  "channel" text COLLATE "C",
  "address" text COLLATE "C",
  "received" bigint,
  "read" bigint,
  PRIMARY KEY ("workspace", "channel", "address")
);

CREATE TABLE counters (
  "workspace" text COLLATE "C",
  "name" text COLLATE "C",
  "count" bigint,
  PRIMARY KEY ("workspace", "name")
) WITH (fillfactor = 50);

CREATE TABLE cursors (
  "follower" text COLLATE "C",
  "workspace" text COLLATE "C",
  "sequence" bigint,
  PRIMARY KEY ("follower", "workspace")
) WITH (fillfactor = 20);

CREATE TABLE idempotency (
  "workspace" text COLLATE "C",
  "scope" text COLLATE "C",
  "key" text COLLATE "C",
  "hash" text COLLATE "C",
  "outcomes" text COLLATE "C",
  "at" bigint,
  PRIMARY KEY ("workspace", "scope", "key")
);

CREATE TABLE files (
  "workspace" text COLLATE "C",
  "id" text COLLATE "C",
  "message" text COLLATE "C",
  "channel" text COLLATE "C",
  "state" text COLLATE "C",
  "foreign" text COLLATE "C",
  "mime_type" text COLLATE "C",
  "name" text COLLATE "C",
  "size" bigint,
  "sha256" text COLLATE "C",
  "attempts" bigint,
  "next_at" bigint,
  "deadline" bigint,
  "why" text COLLATE "C",
  "created_at" bigint,
  PRIMARY KEY ("workspace", "id")
);

CREATE TABLE rejected (
  "workspace" text COLLATE "C",
  "id" text COLLATE "C",
  "channel" text COLLATE "C",
  "why" text COLLATE "C",
  "raw" bytea,
  "content_type" text COLLATE "C",
  "at" bigint,
  PRIMARY KEY ("workspace", "id")
);

CREATE TABLE events (
  "workspace" text COLLATE "C",
  "sequence" bigint,
  "id" text COLLATE "C",
  "type" text COLLATE "C",
  "subject" text COLLATE "C",
  "time" bigint,
  "data" text COLLATE "C",
  PRIMARY KEY ("workspace", "sequence", "time")
) PARTITION BY RANGE ("time");
CREATE TABLE events_rest PARTITION OF events DEFAULT;

CREATE TABLE meta (
  "name" text COLLATE "C",
  "value" text COLLATE "C",
  PRIMARY KEY ("name")
);

CREATE INDEX provider_ids_key ON provider_ids (key_hash);
CREATE INDEX seen_key ON seen (key_hash);

-- A conversation's messages, newest first.
CREATE INDEX messages_conversation ON messages (workspace, conversation, id);
-- What a watermark raises (RULES D5).
CREATE INDEX messages_sent_to ON messages (workspace, channel, address_value, id) WHERE direction = 'outbound';
CREATE INDEX conversations_contact ON conversations (workspace, contact, id);

-- What may be claimed, in order (RULES C9). Partial: a claimed row is not in the index.
CREATE INDEX queue_ready ON queue (sender_group, lane, ready_at, position) WHERE state = 'ready';
CREATE INDEX queue_expires ON queue (sender_group, expires_at) WHERE state = 'ready';
CREATE INDEX queue_uncertain ON queue (sender_group, resolve_at) WHERE state = 'uncertain';

CREATE INDEX files_due ON files (next_at) WHERE state = 'due';
-- Files that may be removed, the oldest first; what was removed leaves the index.
CREATE INDEX files_stored ON files (workspace, state, id) WHERE state = 'stored';
CREATE INDEX files_sha256 ON files (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX seen_at ON seen (at);
CREATE INDEX parked_at ON parked (at);
CREATE INDEX idempotency_at ON idempotency (at);

-- Files (RULES A9): an upload gets chunks, and a name when it is whole. Bytes do not compress twice.
CREATE TABLE uploads (
  "upload" text COLLATE "C" PRIMARY KEY,
  "sha256" text COLLATE "C" UNIQUE,
  "size" bigint,
  "at" bigint NOT NULL
);
CREATE TABLE chunks (
  "upload" text COLLATE "C" NOT NULL,
  "number" bigint NOT NULL,
  "bytes" bytea NOT NULL,
  PRIMARY KEY ("upload", "number")
);
ALTER TABLE chunks ALTER COLUMN bytes SET STORAGE EXTERNAL;
