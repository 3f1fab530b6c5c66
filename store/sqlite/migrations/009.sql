-- What providers tell besides messages (live limits, templates), how far a channel was polled, when an address was last
-- heard, and the choices that a contact was sent as numbered text.
ALTER TABLE channels ADD COLUMN "live" TEXT;
ALTER TABLE contacts ADD COLUMN "menu" TEXT;
ALTER TABLE queue ADD COLUMN "heard_at" INTEGER;

CREATE TABLE polls (
  "workspace" TEXT,
  "channel" TEXT,
  "position" TEXT,
  "at" INTEGER,
  PRIMARY KEY ("workspace", "channel")
) STRICT, WITHOUT ROWID;

CREATE TABLE templates (
  "workspace" TEXT,
  "channel" TEXT,
  "name" TEXT,
  "language" TEXT,
  "id" TEXT,
  "provider_id" TEXT,
  "status" TEXT,
  "category" TEXT,
  "quality" TEXT,
  "reason" TEXT,
  "components" TEXT,
  "told_at" INTEGER,
  "updated_at" INTEGER,
  PRIMARY KEY ("workspace", "channel", "name", "language")
) STRICT, WITHOUT ROWID;
