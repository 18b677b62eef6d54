-- What an institution's answers have shown against the ids of its rows, and since when a kind of them is not trusted any more.
CREATE TABLE id_trust (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    provider TEXT NOT NULL,
    institution_key TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('provider', 'bank', 'reference')),
    reissued BIGINT NOT NULL,
    reused BIGINT NOT NULL,
    lost TEXT CHECK (lost IN ('reissued', 'reused')),
    lost_at BIGINT NOT NULL,
    run_id UUID NOT NULL,
    PRIMARY KEY (organization_id, provider, institution_key, kind),
    FOREIGN KEY (organization_id, run_id) REFERENCES runs (organization_id, id)
);
