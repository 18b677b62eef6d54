-- Search: which notes have which three letters in a row, so that a text is found anywhere in them without reading them all.

-- The number of a line in the index of notes. Rows of transaction_lines have no number of their own that is sure to stay.
CREATE TABLE note_index_lines (
    number INTEGER PRIMARY KEY,
    organization_id BLOB NOT NULL,
    line_id BLOB NOT NULL,
    transaction_id BLOB NOT NULL,
    UNIQUE (organization_id, line_id)
) STRICT;

-- The index keeps no text: that stands beside the lines, folded already.
CREATE VIRTUAL TABLE note_index USING fts5 (note, content = '', columnsize = 0, tokenize = 'trigram case_sensitive 1');

INSERT INTO note_index_lines (organization_id, line_id, transaction_id)
    SELECT organization_id, id, transaction_id FROM transaction_lines WHERE length(note_folded) >= 3 ORDER BY organization_id, id;
INSERT INTO note_index (rowid, note)
    SELECT n.number, l.note_folded FROM note_index_lines n
    CROSS JOIN transaction_lines l ON l.organization_id = n.organization_id AND l.id = n.line_id ORDER BY n.number;

-- Whoever writes a line keeps its index, in the same transaction. To take a text out, the index is told it once more.
CREATE TRIGGER note_index_on_insert AFTER INSERT ON transaction_lines WHEN length(new.note_folded) >= 3
BEGIN
    INSERT INTO note_index_lines (organization_id, line_id, transaction_id)
        VALUES (new.organization_id, new.id, new.transaction_id);
    INSERT INTO note_index (rowid, note) VALUES (last_insert_rowid(), new.note_folded);
END;
CREATE TRIGGER note_index_on_delete AFTER DELETE ON transaction_lines WHEN length(old.note_folded) >= 3
BEGIN
    INSERT INTO note_index (note_index, rowid, note)
        SELECT 'delete', number, old.note_folded FROM note_index_lines
        WHERE organization_id = old.organization_id AND line_id = old.id;
    DELETE FROM note_index_lines WHERE organization_id = old.organization_id AND line_id = old.id;
END;
CREATE TRIGGER note_index_on_update AFTER UPDATE OF note_folded ON transaction_lines WHEN old.note_folded IS NOT new.note_folded
BEGIN
    INSERT INTO note_index (note_index, rowid, note)
        SELECT 'delete', number, old.note_folded FROM note_index_lines
        WHERE organization_id = old.organization_id AND line_id = old.id;
    DELETE FROM note_index_lines WHERE organization_id = old.organization_id AND line_id = old.id;
    INSERT INTO note_index_lines (organization_id, line_id, transaction_id)
        SELECT new.organization_id, new.id, new.transaction_id WHERE length(new.note_folded) >= 3;
    INSERT INTO note_index (rowid, note)
        SELECT number, new.note_folded FROM note_index_lines
        WHERE organization_id = new.organization_id AND line_id = new.id;
END;
