-- What contacts are found by: the words of their terms that are indexed, each behind five letters that stand for the
-- workspace. The list of what is not sorted in yet is short, because whoever fills it waits until it is: 50 ms. A contact whose terms are not made yet is found by the other index, when a node starts.
ALTER TABLE contacts ADD COLUMN "consent" text COLLATE "C" NOT NULL DEFAULT '{}';
CREATE FUNCTION contact_words(terms text, workspace text) RETURNS tsvector
  LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN array_to_tsvector(string_to_array(substr(replace(
    split_part(terms, ' #|', 1), ' ', ' ' || right(workspace, 5)), 2), ' '));
CREATE INDEX contacts_terms ON contacts USING gin (contact_words(terms, workspace)) WITH (gin_pending_list_limit = 1024) WHERE terms <> '';
CREATE INDEX contacts_untold ON contacts (workspace, id) WHERE terms = '' AND deleted_at IS NULL;

-- Segments, and what happened to a contact, beside the log: that goes by time, and is not kept for ever.
CREATE TABLE segments (
  "workspace" text COLLATE "C",
  "id" text COLLATE "C",
  "name" text COLLATE "C",
  "filter" text COLLATE "C",
  "created_at" bigint,
  "updated_at" bigint,
  PRIMARY KEY ("workspace", "id")
);

CREATE TABLE segment_names (
  "workspace" text COLLATE "C",
  "key" text COLLATE "C",
  "segment" text COLLATE "C",
  PRIMARY KEY ("workspace", "key")
);

CREATE TABLE contact_events (
  "workspace" text COLLATE "C",
  "contact" text COLLATE "C",
  "sequence" bigint,
  "id" text COLLATE "C",
  "type" text COLLATE "C",
  "at" bigint,
  "data" text COLLATE "C",
  PRIMARY KEY ("workspace", "contact", "sequence")
);

CREATE INDEX conversations_closed ON conversations (workspace, contact, closed_at);
