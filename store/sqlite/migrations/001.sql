-- The schema of 0.1.0. Released steps are never edited: what comes later is a file of its own.
--
-- The key is the table (WITHOUT ROWID): one tree a table, and no second look-up. Two exceptions. Rejected deliveries
-- hold large values, which such a tree stores badly. And what a provider names is long and comes in no order: as the
-- key it would dirty a fresh page for every row, so such a table only grows at its end and is found by a hash of its
-- key.

CREATE TABLE workspaces (
  "id" TEXT,
  "name" TEXT,
  "head" INTEGER,
  "created_at" INTEGER,
  PRIMARY KEY ("id")
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  "hash" TEXT,
  "id" TEXT,
  "workspace" TEXT,
  "role" TEXT,
  "name" TEXT,
  "created_at" INTEGER,
  PRIMARY KEY ("hash")
) STRICT, WITHOUT ROWID;

CREATE TABLE channels (
  "workspace" TEXT,
  "id" TEXT,
  "connector" TEXT,
  "name" TEXT,
  "status" TEXT,
  "config" TEXT,
  "provider_key" TEXT,
  "sender_group" TEXT,
  "health" TEXT,
  "created_at" INTEGER,
  "updated_at" INTEGER,
  "deleted_at" INTEGER,
  PRIMARY KEY ("workspace", "id")
) STRICT, WITHOUT ROWID;

CREATE TABLE channel_keys (
  "workspace" TEXT,
  "connector" TEXT,
  "provider_key" TEXT,
  "channel" TEXT,
  PRIMARY KEY ("workspace", "connector", "provider_key")
) STRICT, WITHOUT ROWID;

CREATE TABLE contacts (
  "workspace" TEXT,
  "id" TEXT,
  "kind" TEXT,
  "name" TEXT,
  "addresses" TEXT,
  "source" TEXT,
  "merged_into" TEXT,
  "conversations" INTEGER,
  "last_channel" TEXT,
  "reach" TEXT,
  "created_at" INTEGER,
  "updated_at" INTEGER,
  PRIMARY KEY ("workspace", "id")
) STRICT, WITHOUT ROWID;

CREATE TABLE addresses (
  "workspace" TEXT,
  "kind" TEXT,
  "value" TEXT,
  "contact" TEXT,
  "created_at" INTEGER,
  PRIMARY KEY ("workspace", "kind", "value")
) STRICT, WITHOUT ROWID;

CREATE TABLE open_conversations (
  "workspace" TEXT,
  "contact" TEXT,
  "thread" TEXT,
  "conversation" TEXT,
  "last_channel" TEXT,
  PRIMARY KEY ("workspace", "contact", "thread")
) STRICT, WITHOUT ROWID;

CREATE TABLE conversations (
  "workspace" TEXT,
  "id" TEXT,
  "contact" TEXT,
  "thread" TEXT,
  "channel" TEXT,
  "status" TEXT,
  "source" TEXT,
  "contact_type" TEXT,
  "context" TEXT,
  "opened_at" INTEGER,
  "closed_at" INTEGER,
  "closed_by" TEXT,
  "note" TEXT,
  "version" INTEGER,
  PRIMARY KEY ("workspace", "id")
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
  "workspace" TEXT,
  "id" TEXT,
  "channel" TEXT,
  "connector" TEXT,
  "contact" TEXT,
  "conversation" TEXT,
  "direction" TEXT,
  "source_kind" TEXT,
  "source_id" TEXT,
  "address_kind" TEXT,
  "address_value" TEXT,
  "reply_to" TEXT,
  "reaction_to" TEXT,
  "category" TEXT,
  "expires_at" INTEGER,
  "retry_of" TEXT,
  "broadcast" TEXT,
  "provider_time" INTEGER,
  "created_at" INTEGER,
  "status" TEXT,
  "pieces" TEXT,
  "provider_ids" TEXT,
  "attempts" INTEGER,
  "queued" INTEGER,
  "uncertain" INTEGER,
  PRIMARY KEY ("workspace", "id")
) STRICT, WITHOUT ROWID;

CREATE TABLE contents (
  "workspace" TEXT,
  "message" TEXT,
  "content" TEXT,
  PRIMARY KEY ("workspace", "message")
) STRICT, WITHOUT ROWID;

CREATE TABLE provider_ids (
  "workspace" TEXT,
  "channel" TEXT,
  "provider_id" TEXT,
  "message" TEXT,
  "part" INTEGER,
  "segment" INTEGER,
  "attempt" INTEGER,
  key_hash INTEGER NOT NULL
) STRICT;

CREATE TABLE history (
  "workspace" TEXT,
  "message" TEXT,
  "entry" TEXT,
  "at" INTEGER,
  "kind" TEXT,
  "part" INTEGER,
  "attempt" INTEGER,
  "status" TEXT,
  "raw" TEXT,
  "detail" TEXT,
  PRIMARY KEY ("workspace", "message", "entry")
) STRICT, WITHOUT ROWID;

CREATE TABLE queue (
  "workspace" TEXT,
  "message" TEXT,
  "state" TEXT,
  "sender_group" TEXT,
  "channel" TEXT,
  "lane" TEXT,
  "position" INTEGER,
  "ready_at" INTEGER,
  "expires_at" INTEGER,
  "fence" INTEGER,
  "part" INTEGER,
  "last_part" INTEGER,
  "parts" INTEGER,
  "attempts" INTEGER,
  "part_attempts" INTEGER,
  "queued" INTEGER,
  "attempted_at" INTEGER,
  "resolve_at" INTEGER,
  "resends" INTEGER,
  PRIMARY KEY ("workspace", "message")
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
  "sender_group" TEXT,
  "holder" TEXT,
  "fence" INTEGER,
  "ends_at" INTEGER,
  PRIMARY KEY ("sender_group")
) STRICT, WITHOUT ROWID;

CREATE TABLE seen (
  "workspace" TEXT,
  "channel" TEXT,
  "key" TEXT,
  "message" TEXT,
  "at" INTEGER,
  key_hash INTEGER NOT NULL
) STRICT;

CREATE TABLE parked (
  "workspace" TEXT,
  "channel" TEXT,
  "of" TEXT,
  "receipts" TEXT,
  "at" INTEGER,
  PRIMARY KEY ("workspace", "channel", "of")
) STRICT, WITHOUT ROWID;

CREATE TABLE watermarks (
  "workspace" TEXT,
  "channel" TEXT,
  "address" TEXT,
  "received" INTEGER,
  "read" INTEGER,
  PRIMARY KEY ("workspace", "channel", "address")
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
  "workspace" TEXT,
  "name" TEXT,
  "count" INTEGER,
  PRIMARY KEY ("workspace", "name")
) STRICT, WITHOUT ROWID;

CREATE TABLE cursors (
  "follower" TEXT,
  "workspace" TEXT,
  "sequence" INTEGER,
  PRIMARY KEY ("follower", "workspace")
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
  "workspace" TEXT,
  "scope" TEXT,
  "key" TEXT,
  "hash" TEXT,
  "outcomes" TEXT,
  "at" INTEGER,
  PRIMARY KEY ("workspace", "scope", "key")
) STRICT, WITHOUT ROWID;

CREATE TABLE files (
  "workspace" TEXT,
  "id" TEXT,
  "message" TEXT,
  "channel" TEXT,
  "state" TEXT,
  "foreign" TEXT,
  "mime_type" TEXT,
  "name" TEXT,
  "size" INTEGER,
  "sha256" TEXT,
  "attempts" INTEGER,
  "next_at" INTEGER,
  "deadline" INTEGER,
  "why" TEXT,
  "created_at" INTEGER,
  PRIMARY KEY ("workspace", "id")
) STRICT, WITHOUT ROWID;

CREATE TABLE rejected (
  "workspace" TEXT,
  "id" TEXT,
  "channel" TEXT,
  "why" TEXT,
  "raw" BLOB,
  "content_type" TEXT,
  "at" INTEGER,
  PRIMARY KEY ("workspace", "id")
) STRICT;

CREATE TABLE events (
  "workspace" TEXT,
  "sequence" INTEGER,
  "id" TEXT,
  "type" TEXT,
  "subject" TEXT,
  "time" INTEGER,
  "data" TEXT,
  PRIMARY KEY ("workspace", "sequence")
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
  "name" TEXT,
  "value" TEXT,
  PRIMARY KEY ("name")
) STRICT, WITHOUT ROWID;

CREATE INDEX provider_ids_key ON provider_ids (key_hash);
CREATE INDEX seen_key ON seen (key_hash);

-- A conversation's messages, newest first.
CREATE INDEX messages_conversation ON messages (workspace, conversation, id);
-- What a watermark raises (RULES D5). Only outbound: an inbound message would dirty one more page for nothing.
CREATE INDEX messages_sent_to ON messages (workspace, channel, address_value, id) WHERE direction = 'outbound';
CREATE INDEX conversations_contact ON conversations (workspace, contact, id);

-- What may be claimed, in order (RULES C9). Partial: a claimed row leaves the index. What a dead holder left is found
-- by reading the whole table, once at start: an index for it would be written three times a message.
CREATE INDEX queue_ready ON queue (sender_group, lane, ready_at, position) WHERE state = 'ready';
CREATE INDEX queue_expires ON queue (sender_group, expires_at) WHERE state = 'ready';
CREATE INDEX queue_uncertain ON queue (sender_group, resolve_at) WHERE state = 'uncertain';

CREATE INDEX files_due ON files (next_at) WHERE state = 'due';
CREATE INDEX seen_at ON seen (at);
CREATE INDEX parked_at ON parked (at);
CREATE INDEX idempotency_at ON idempotency (at);
