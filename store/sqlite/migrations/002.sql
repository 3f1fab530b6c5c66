-- RULES A6: up to which number the log of a workspace is not kept any more, and which files share their bytes.
ALTER TABLE workspaces ADD COLUMN "trimmed" INTEGER NOT NULL DEFAULT 0;
CREATE INDEX files_sha256 ON files (sha256) WHERE sha256 IS NOT NULL;
