-- People: what a contact says of itself, its tags, and the fields that a workspace adds.
ALTER TABLE contacts ADD COLUMN "language" text COLLATE "C";
ALTER TABLE contacts ADD COLUMN "country" text COLLATE "C";
ALTER TABLE contacts ADD COLUMN "time_zone" text COLLATE "C";
ALTER TABLE contacts ADD COLUMN "tags" text COLLATE "C" NOT NULL DEFAULT '[]';
ALTER TABLE contacts ADD COLUMN "fields" text COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE contacts ADD COLUMN "seen_at" bigint;
ALTER TABLE contacts ADD COLUMN "deleted_at" bigint;
ALTER TABLE contacts ADD COLUMN "terms" text COLLATE "C" NOT NULL DEFAULT '';

CREATE TABLE tags (
  "workspace" text COLLATE "C",
  "id" text COLLATE "C",
  "name" text COLLATE "C",
  "created_at" bigint,
  PRIMARY KEY ("workspace", "id")
);

CREATE TABLE tag_names (
  "workspace" text COLLATE "C",
  "key" text COLLATE "C",
  "tag" text COLLATE "C",
  PRIMARY KEY ("workspace", "key")
);

CREATE TABLE fields (
  "workspace" text COLLATE "C",
  "key" text COLLATE "C",
  "title" text COLLATE "C",
  "type" text COLLATE "C",
  "options" text COLLATE "C",
  "created_at" bigint,
  PRIMARY KEY ("workspace", "key")
);

CREATE TABLE erasures (
  "workspace" text COLLATE "C",
  "contact" text COLLATE "C",
  "addresses" text COLLATE "C",
  "at" bigint,
  PRIMARY KEY ("workspace", "contact")
);
