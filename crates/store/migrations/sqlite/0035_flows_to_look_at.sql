-- When the worker looks at a flow although nobody has its page open: soon after its provider has told of it, and again while the provider
-- is at work. Empty is never: it goes on when its person looks.
ALTER TABLE flows ADD COLUMN look_at INTEGER;
CREATE INDEX flows_to_look_at ON flows (look_at) WHERE look_at IS NOT NULL;
