-- What an institution's answers have shown against the ids of its rows, and since when a kind of them is not trusted any more.
CREATE TABLE id_trust (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    provider TEXT NOT NULL,
    institution_key TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('provider', 'bank', 'reference')),
    reissued INTEGER NOT NULL,
    reused INTEGER NOT NULL,
    lost TEXT CHECK (lost IN ('reissued', 'reused')),
    lost_at INTEGER NOT NULL,
    run_id BLOB NOT NULL,
    PRIMARY KEY (organization_id, provider, institution_key, kind),
    FOREIGN KEY (organization_id, run_id) REFERENCES runs (organization_id, id)
) STRICT;
