-- RULES B7: the rejected deliveries of one channel, which are listed and read again, without those of the others.
CREATE INDEX rejected_channel ON rejected ("workspace", "channel", "id");
