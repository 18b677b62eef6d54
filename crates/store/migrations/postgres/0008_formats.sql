-- How a person reads figures and days. Nothing written here means: as their browser's languages have it.

ALTER TABLE people ADD COLUMN number_format TEXT;
ALTER TABLE people ADD COLUMN date_format TEXT;
