-- The batch since which a feed row has stood for its transaction, in whichever state its claim was: of several that stand for one the first
-- speaks.
ALTER TABLE claims ADD COLUMN since_batch_id UUID;
UPDATE claims SET since_batch_id = batch_id;
