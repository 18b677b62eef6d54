-- Whether an organization's syncs run by themselves, and at which hour of its day.
ALTER TABLE organizations ADD COLUMN imports_daily BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE organizations ADD COLUMN import_hour BIGINT NOT NULL DEFAULT 6 CHECK (import_hour BETWEEN 0 AND 23);
