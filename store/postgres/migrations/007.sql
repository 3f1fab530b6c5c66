-- What providers tell besides messages (live limits, templates), how far a channel was polled, when an address was last
-- heard, and the choices that a contact was sent as numbered text.
ALTER TABLE channels ADD COLUMN "live" text COLLATE "C";
ALTER TABLE contacts ADD COLUMN "menu" text COLLATE "C";
ALTER TABLE queue ADD COLUMN "heard_at" bigint;

CREATE TABLE polls (
  "workspace" text COLLATE "C",
  "channel" text COLLATE "C",
  "position" text COLLATE "C",
  "at" bigint,
  PRIMARY KEY ("workspace", "channel")
);

CREATE TABLE templates (
  "workspace" text COLLATE "C",
  "channel" text COLLATE "C",
  "name" text COLLATE "C",
  "language" text COLLATE "C",
  "id" text COLLATE "C",
  "provider_id" text COLLATE "C",
  "status" text COLLATE "C",
  "category" text COLLATE "C",
  "quality" text COLLATE "C",
  "reason" text COLLATE "C",
  "components" text COLLATE "C",
  "told_at" bigint,
  "updated_at" bigint,
  PRIMARY KEY ("workspace", "channel", "name", "language")
);
