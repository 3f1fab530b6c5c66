-- People: what a contact says of itself, its tags, and the fields that a workspace adds.
ALTER TABLE contacts ADD COLUMN "language" TEXT;
ALTER TABLE contacts ADD COLUMN "country" TEXT;
ALTER TABLE contacts ADD COLUMN "time_zone" TEXT;
ALTER TABLE contacts ADD COLUMN "tags" TEXT NOT NULL DEFAULT '[]';
ALTER TABLE contacts ADD COLUMN "fields" TEXT NOT NULL DEFAULT '{}';
ALTER TABLE contacts ADD COLUMN "seen_at" INTEGER;
ALTER TABLE contacts ADD COLUMN "deleted_at" INTEGER;
ALTER TABLE contacts ADD COLUMN "terms" TEXT NOT NULL DEFAULT '';

CREATE TABLE tags (
  "workspace" TEXT,
  "id" TEXT,
  "name" TEXT,
  "created_at" INTEGER,
  PRIMARY KEY ("workspace", "id")
) STRICT, WITHOUT ROWID;

CREATE TABLE tag_names (
  "workspace" TEXT,
  "key" TEXT,
  "tag" TEXT,
  PRIMARY KEY ("workspace", "key")
) STRICT, WITHOUT ROWID;

CREATE TABLE fields (
  "workspace" TEXT,
  "key" TEXT,
  "title" TEXT,
  "type" TEXT,
  "options" TEXT,
  "created_at" INTEGER,
  PRIMARY KEY ("workspace", "key")
) STRICT, WITHOUT ROWID;

CREATE TABLE erasures (
  "workspace" TEXT,
  "contact" TEXT,
  "addresses" TEXT,
  "at" INTEGER,
  PRIMARY KEY ("workspace", "contact")
) STRICT, WITHOUT ROWID;
