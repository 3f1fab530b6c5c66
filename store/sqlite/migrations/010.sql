-- Consent by address, kept without the address; merges that can be taken apart again; people who may be one.
ALTER TABLE workspaces ADD COLUMN "last_withdrawal" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE channels ADD COLUMN "stops" TEXT;
ALTER TABLE channels ADD COLUMN "answers" TEXT;
ALTER TABLE contacts ADD COLUMN "family" TEXT NOT NULL DEFAULT '[]';

CREATE TABLE consents (
  "workspace" TEXT,
  "address" TEXT,
  "said" TEXT,
  PRIMARY KEY ("workspace", "address")
) STRICT, WITHOUT ROWID;

CREATE TABLE merges (
  "workspace" TEXT,
  "contact" TEXT,
  "survivor" TEXT,
  "by" TEXT,
  "at" INTEGER,
  "record" TEXT,
  PRIMARY KEY ("workspace", "contact")
) STRICT, WITHOUT ROWID;

CREATE TABLE likenesses (
  "workspace" TEXT,
  "kind" TEXT,
  "key" TEXT,
  "contact" TEXT,
  PRIMARY KEY ("workspace", "kind", "key")
) STRICT, WITHOUT ROWID;

CREATE TABLE candidates (
  "workspace" TEXT,
  "one" TEXT,
  "other" TEXT,
  "id" TEXT,
  "reason" TEXT,
  "at" INTEGER,
  "dismissed_at" INTEGER,
  PRIMARY KEY ("workspace", "one", "other")
) STRICT, WITHOUT ROWID;

CREATE INDEX candidates_open ON candidates (workspace, id) WHERE dismissed_at IS NULL;
CREATE INDEX candidates_id ON candidates (workspace, id);
CREATE INDEX candidates_other ON candidates (workspace, other);
