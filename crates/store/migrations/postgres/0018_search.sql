-- Search: which notes have which three letters in a row, so that a text is found anywhere in them without reading them all.

-- The owner of a database may load this extension, where it is installed. Where it is not, a search reads all notes: it finds the
-- same, only later, and this index can be made by hand any time.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX lines_by_note ON transaction_lines USING gin (note_folded gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported OR undefined_object THEN
    RAISE WARNING 'pg_trgm cannot be loaded (%): searches will read all notes', SQLERRM;
END
$$;
