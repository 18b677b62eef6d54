// Assets and accounts in plenty, written into the data of a server that stands still.
export const ASSETS = 2_000;
export const ACCOUNTS = 500;

/** Ten countries with three funds each, five projects in a fund, and sites in those until there are enough; every fourth asset has an account. */
export const forest = `
(organization,) = db.execute("SELECT id FROM organizations").fetchone()
rows = []
def grow(parent, name, depth, position):
    id = (len(rows) + 1).to_bytes(16, "big")
    rows.append((organization, id, parent, "structuring" if depth < 3 else "production", name, name.lower(), position))
    return id
projects = []
for country in range(10):
    land = grow(None, f"Country {country}", 0, country)
    for fund in range(3):
        found = grow(land, f"Fund {country}.{fund}", 1, fund)
        for project in range(5):
            projects.append(grow(found, f"Project {country}.{fund}.{project}", 2, project))
site = 0
while len(rows) < ${ASSETS}:
    grow(projects[site % len(projects)], f"Site {site:04}", 3, site)
    site += 1
db.executemany("""INSERT INTO assets (organization_id, id, parent_id, kind, stage, name, name_folded, position, created_at)
    VALUES (?, ?, ?, ?, 'active', ?, ?, ?, 0)""", rows)
db.executemany("""INSERT INTO accounts (organization_id, id, asset_id, name, name_folded, kind, currency, opening_minor, opening_source,
    pending_policy, revision, booked_minor, pending_minor, transaction_count, position, created_at)
    VALUES (?, ?, ?, ?, ?, 'checking', 'EUR', 0, 'person', 'shown', 0, 100, 0, 0, ?, 0)""",
    [(organization, (n + 1).to_bytes(16, "big"), rows[n * 4][1], f"Account {n:03}", f"account {n:03}", n) for n in range(${ACCOUNTS})])
db.execute("UPDATE organizations SET tree_revision = tree_revision + 1")
`;
