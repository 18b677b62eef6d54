-- What a person has to decide.

-- Rows that were held back and wait: few, and counted on every page.
CREATE INDEX claims_waiting ON claims (organization_id) WHERE state = 'quarantined';
