-- Visitors of a website who were identified or reset, and what a website's chat reads: a contact's messages on its
-- channel, over merged contacts.
CREATE TABLE visitors (
  "workspace" text COLLATE "C",
  "channel" text COLLATE "C",
  "visitor" text COLLATE "C",
  "epoch" bigint,
  "external_id" text COLLATE "C",
  "name" text COLLATE "C",
  "addresses" text COLLATE "C",
  "at" bigint,
  PRIMARY KEY ("workspace", "channel", "visitor")
);

CREATE INDEX messages_webchat ON messages (workspace, channel, contact, id) WHERE address_kind = 'webchat';
CREATE INDEX contacts_merged ON contacts (workspace, merged_into) WHERE merged_into IS NOT NULL;
