-- When a person has said that the sign and the opening balance of a feed are right, after seeing a real balance and a real purchase as
-- they are booked. Null while nobody has. Feeds that were there before are taken as they are: nobody was asked when they were linked.
ALTER TABLE feeds ADD COLUMN confirmed_at INTEGER;
UPDATE feeds SET confirmed_at = from_at;
