-- Whether an organization's syncs run by themselves, and at which hour of its day.
ALTER TABLE organizations ADD COLUMN imports_daily INTEGER NOT NULL DEFAULT 1;
ALTER TABLE organizations ADD COLUMN import_hour INTEGER NOT NULL DEFAULT 6 CHECK (import_hour BETWEEN 0 AND 23);
