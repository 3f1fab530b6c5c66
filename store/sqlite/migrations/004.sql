-- Tokens that the API makes: they end, are revoked, tell when they were used last, and are listed.
ALTER TABLE tokens ADD COLUMN "expires_at" INTEGER;
ALTER TABLE tokens ADD COLUMN "last_used_at" INTEGER;
ALTER TABLE tokens ADD COLUMN "revoked_at" INTEGER;
ALTER TABLE tokens ADD COLUMN "created_by" TEXT;
CREATE INDEX tokens_id ON tokens (workspace, id);
