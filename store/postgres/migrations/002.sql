-- Tokens that the API makes: they end, are revoked, tell when they were used last, and are listed.
ALTER TABLE tokens ADD COLUMN "expires_at" bigint;
ALTER TABLE tokens ADD COLUMN "last_used_at" bigint;
ALTER TABLE tokens ADD COLUMN "revoked_at" bigint;
ALTER TABLE tokens ADD COLUMN "created_by" text COLLATE "C";
CREATE INDEX tokens_id ON tokens (workspace, id);
