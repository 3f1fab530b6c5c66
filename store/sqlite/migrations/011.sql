-- What contacts are found by: their terms in an index of words (FTS5), which names each by a number of its own. It holds
-- no text and no positions, and knows what begins with one to three letters by these; all words start
-- with five letters that stand for the workspace. What follows a deletion is the engine's: `contact-index.ts`.
--
-- A contact with its fields and terms is a kilobyte. Such rows make a tree by key (WITHOUT ROWID) ten levels deep, because
-- its inner pages hold whole rows: from now on they have a number, and the key is an index.
CREATE TABLE contacts_numbered (
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
  "language" TEXT,
  "country" TEXT,
  "time_zone" TEXT,
  "tags" TEXT NOT NULL DEFAULT '[]',
  "fields" TEXT NOT NULL DEFAULT '{}',
  "seen_at" INTEGER,
  "deleted_at" INTEGER,
  "terms" TEXT NOT NULL DEFAULT '',
  "menu" TEXT,
  "family" TEXT NOT NULL DEFAULT '[]',
  "consent" TEXT NOT NULL DEFAULT '{}',
  "doc" INTEGER PRIMARY KEY,
  "indexed" INTEGER,
  UNIQUE ("workspace", "id")
) STRICT;
INSERT INTO contacts_numbered (
  "workspace", "id", "kind", "name", "addresses", "source", "merged_into", "conversations", "last_channel",
  "reach", "created_at", "updated_at", "language", "country", "time_zone", "tags", "fields", "seen_at",
  "deleted_at", "terms", "menu", "family"
) SELECT
  "workspace", "id", "kind", "name", "addresses", "source", "merged_into", "conversations", "last_channel",
  "reach", "created_at", "updated_at", "language", "country", "time_zone", "tags", "fields", "seen_at",
  "deleted_at", "terms", "menu", "family"
FROM contacts ORDER BY "workspace", "id";
DROP TABLE contacts;
ALTER TABLE contacts_numbered RENAME TO contacts;
CREATE INDEX contacts_merged ON contacts (workspace, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX contacts_unindexed ON contacts (doc) WHERE indexed IS NULL;

CREATE VIRTUAL TABLE contact_terms USING fts5(
  terms, content = '', detail = none, columnsize = 0, prefix = '6 7 8', tokenize = "ascii tokenchars '#:/-+.=_'"
);

-- Segments, and what happened to a contact, beside the log: that goes by time, and is not kept for ever.
CREATE TABLE segments (
  "workspace" TEXT,
  "id" TEXT,
  "name" TEXT,
  "filter" TEXT,
  "created_at" INTEGER,
  "updated_at" INTEGER,
  PRIMARY KEY ("workspace", "id")
) STRICT, WITHOUT ROWID;

CREATE TABLE segment_names (
  "workspace" TEXT,
  "key" TEXT,
  "segment" TEXT,
  PRIMARY KEY ("workspace", "key")
) STRICT, WITHOUT ROWID;

CREATE TABLE contact_events (
  "workspace" TEXT,
  "contact" TEXT,
  "sequence" INTEGER,
  "id" TEXT,
  "type" TEXT,
  "at" INTEGER,
  "data" TEXT,
  PRIMARY KEY ("workspace", "contact", "sequence")
) STRICT, WITHOUT ROWID;

CREATE INDEX conversations_closed ON conversations (workspace, contact, closed_at);
