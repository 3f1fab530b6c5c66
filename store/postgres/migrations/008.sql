-- Consent by address, kept without the address; merges that can be taken apart again; people who may be one.
ALTER TABLE workspaces ADD COLUMN "last_withdrawal" bigint NOT NULL DEFAULT 0;
ALTER TABLE channels ADD COLUMN "stops" text COLLATE "C";
ALTER TABLE channels ADD COLUMN "answers" text COLLATE "C";
ALTER TABLE contacts ADD COLUMN "family" text COLLATE "C" NOT NULL DEFAULT '[]';

CREATE TABLE consents (
  "workspace" text COLLATE "C",
  "address" text COLLATE "C",
  "said" text COLLATE "C",
  PRIMARY KEY ("workspace", "address")
);

CREATE TABLE merges (
  "workspace" text COLLATE "C",
  "contact" text COLLATE "C",
  "survivor" text COLLATE "C",
  "by" text COLLATE "C",
  "at" bigint,
  "record" text COLLATE "C",
  PRIMARY KEY ("workspace", "contact")
);

CREATE TABLE likenesses (
  "workspace" text COLLATE "C",
  "kind" text COLLATE "C",
  "key" text COLLATE "C",
  "contact" text COLLATE "C",
  PRIMARY KEY ("workspace", "kind", "key")
);

CREATE TABLE candidates (
  "workspace" text COLLATE "C",
  "one" text COLLATE "C",
  "other" text COLLATE "C",
  "id" text COLLATE "C",
  "reason" text COLLATE "C",
  "at" bigint,
  "dismissed_at" bigint,
  PRIMARY KEY ("workspace", "one", "other")
);

CREATE INDEX candidates_open ON candidates (workspace, id) WHERE dismissed_at IS NULL;
CREATE INDEX candidates_id ON candidates (workspace, id);
CREATE INDEX candidates_other ON candidates (workspace, other);
