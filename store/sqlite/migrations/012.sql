-- Contacts out of files: how far each import is, which file it was, and the rows that were left out.
CREATE TABLE imports (
  "workspace" TEXT,
  "id" TEXT,
  "state" TEXT,
  "file" TEXT,
  "name" TEXT,
  "size" INTEGER,
  "plan" TEXT,
  "hash" TEXT,
  "position" INTEGER,
  "bytes" INTEGER,
  "counts" TEXT,
  "errors" TEXT,
  "why" TEXT,
  "created_by" TEXT,
  "created_at" INTEGER,
  "started_at" INTEGER,
  "told_at" INTEGER,
  "ended_at" INTEGER,
  PRIMARY KEY ("workspace", "id")
) STRICT, WITHOUT ROWID;

CREATE TABLE import_keys (
  "workspace" TEXT,
  "hash" TEXT,
  "import" TEXT,
  PRIMARY KEY ("workspace", "hash")
) STRICT, WITHOUT ROWID;

CREATE TABLE import_rejects (
  "workspace" TEXT,
  "import" TEXT,
  "line" INTEGER,
  "code" TEXT,
  "column" TEXT,
  "detail" TEXT,
  "raw" TEXT,
  "at" INTEGER,
  PRIMARY KEY ("workspace", "import", "line")
) STRICT, WITHOUT ROWID;

CREATE INDEX imports_open ON imports (id) WHERE ended_at IS NULL;
CREATE INDEX import_rejects_at ON import_rejects ("at");
