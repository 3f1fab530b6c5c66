-- Visitors of a website who were identified or reset, and what a website's chat reads: a contact's messages on its
-- channel, over merged contacts.
CREATE TABLE visitors (
  "workspace" TEXT,
  "channel" TEXT,
  "visitor" TEXT,
  "epoch" INTEGER,
  "external_id" TEXT,
  "name" TEXT,
  "addresses" TEXT,
  "at" INTEGER,
  PRIMARY KEY ("workspace", "channel", "visitor")
) STRICT, WITHOUT ROWID;

CREATE INDEX messages_webchat ON messages (workspace, channel, contact, id) WHERE address_kind = 'webchat';
CREATE INDEX contacts_merged ON contacts (workspace, merged_into) WHERE merged_into IS NOT NULL;
