-- What was edited or taken back, what is told with a message besides what it says, and files whose message is gone.
ALTER TABLE messages ADD COLUMN "besides" text COLLATE "C";
ALTER TABLE messages ADD COLUMN "edits" bigint NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN "edited_at" bigint;
ALTER TABLE messages ADD COLUMN "deleted_at" bigint;
ALTER TABLE channels ADD COLUMN "early_until" bigint;

CREATE TABLE revisions (
  "workspace" text COLLATE "C",
  "message" text COLLATE "C",
  "number" bigint,
  "content" text COLLATE "C",
  "at" bigint,
  PRIMARY KEY ("workspace", "message", "number")
);

CREATE INDEX files_deleted ON files (workspace, next_at) WHERE state = 'deleted';
