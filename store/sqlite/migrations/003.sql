-- RULES A6: files that may be removed, the oldest first. What was removed leaves the index. `state` is in it because
-- without it the planner would rather read the table by its key, which holds what was removed as well.
CREATE INDEX files_stored ON files (workspace, state, id) WHERE state = 'stored';
