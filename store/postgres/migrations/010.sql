-- Contacts out of files: how far each import is, which file it was, and the rows that were left out.
CREATE TABLE imports (
  "workspace" text COLLATE "C",
  "id" text COLLATE "C",
  "state" text COLLATE "C",
  "file" text COLLATE "C",
  "name" text COLLATE "C",
  "size" bigint,
  "plan" text COLLATE "C",
  "hash" text COLLATE "C",
  "position" bigint,
  "bytes" bigint,
  "counts" text COLLATE "C",
  "errors" text COLLATE "C",
  "why" text COLLATE "C",
  "created_by" text COLLATE "C",
  "created_at" bigint,
  "started_at" bigint,
  "told_at" bigint,
  "ended_at" bigint,
  PRIMARY KEY ("workspace", "id")
);

CREATE TABLE import_keys (
  "workspace" text COLLATE "C",
  "hash" text COLLATE "C",
  "import" text COLLATE "C",
  PRIMARY KEY ("workspace", "hash")
);

CREATE TABLE import_rejects (
  "workspace" text COLLATE "C",
  "import" text COLLATE "C",
  "line" bigint,
  "code" text COLLATE "C",
  "column" text COLLATE "C",
  "detail" text COLLATE "C",
  "raw" text COLLATE "C",
  "at" bigint,
  PRIMARY KEY ("workspace", "import", "line")
);

CREATE INDEX imports_open ON imports (id) WHERE ended_at IS NULL;
CREATE INDEX import_rejects_at ON import_rejects ("at");
