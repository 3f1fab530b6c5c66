-- What contacts are found by: their terms in an index of words (FTS5), which names each by a number of its own. It holds
-- no text and no positions, and knows what begins with one to three letters by these; all words start
-- with five letters that stand for the workspace. What follows a deletion is the engine's: `contact-index.ts`.
ALTER TABLE contacts ADD COLUMN "consent" TEXT NOT NULL DEFAULT '{}';
ALTER TABLE contacts ADD COLUMN "doc" INTEGER;
CREATE UNIQUE INDEX contacts_doc ON contacts (doc);

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
