-- What was edited or taken back, what is told with a message besides what it says, and files whose message is gone.
ALTER TABLE messages ADD COLUMN "besides" TEXT;
ALTER TABLE messages ADD COLUMN "edits" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN "edited_at" INTEGER;
ALTER TABLE messages ADD COLUMN "deleted_at" INTEGER;
ALTER TABLE channels ADD COLUMN "early_until" INTEGER;

CREATE TABLE revisions (
  "workspace" TEXT,
  "message" TEXT,
  "number" INTEGER,
  "content" TEXT,
  "at" INTEGER,
  PRIMARY KEY ("workspace", "message", "number")
) STRICT, WITHOUT ROWID;

CREATE INDEX files_deleted ON files (workspace, next_at) WHERE state = 'deleted';
